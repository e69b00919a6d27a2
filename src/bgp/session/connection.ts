import type { SocketAddress } from "../../ports/datagrams.ts";

/** A TCP connection, or an attempt at one. Those that we begin (`out`) are named by the session, the others by who listens. */
export type ConnectionId = `out-${number}` | `in-${number}`;

/** Both ends of a TCP connection. */
export interface Endpoints {
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
}
