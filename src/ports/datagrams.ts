import type { IpAddress } from "../ip/address.ts";

export interface SocketAddress {
  readonly address: IpAddress;
  readonly port: number;
}

export interface DatagramSocket {
  /** Where it is bound; the port is the one that the system chose when 0 was asked for. */
  readonly local: SocketAddress;
  /** Sends one datagram. Never throws: what the system refuses is reported to `onTrouble`, what is lost is not. */
  send(to: SocketAddress, payload: Uint8Array): void;
  close(): void;
}

export interface DatagramHandlers {
  /** `payload` is valid only during the call. Not called after `close`. */
  onDatagram(payload: Uint8Array, from: SocketAddress): void;
  /** Something went wrong, and the socket goes on. */
  onTrouble(code: string, message: string): void;
}

/** UDP. */
export interface Datagrams {
  /**
   * `local` may have an unspecified address, for all of its family; IPv6's takes both families. Rejects with
   * EnvironmentError when the address can't be had (code `EADDRINUSE`, `EADDRNOTAVAIL`, …).
   */
  bind(local: SocketAddress, handlers: DatagramHandlers): Promise<DatagramSocket>;
}
