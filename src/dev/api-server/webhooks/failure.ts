/** A webhook gave no usable answer. The message says why in the words of a real API server, which is written in Go. */
export class WebhookFailure extends Error {
  constructor(message: string) {
    super(message);
    this.name = "WebhookFailure";
  }
}

/** What Node tells of a failed connection, as far as it does. */
interface ConnectionError extends Error {
  readonly code?: string;
  readonly address?: string;
  readonly port?: number;
  readonly host?: string;
  readonly hostname?: string;
  readonly cert?: { readonly subjectaltname?: string };
}

const UNKNOWN_AUTHORITY = "certificate signed by unknown authority";
const OUT_OF_DATE = "certificate has expired or is not yet valid";

const CERTIFICATE_ERRORS: Readonly<Record<string, string>> = {
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_AUTHORITY,
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_AUTHORITY,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNKNOWN_AUTHORITY,
  CERT_SIGNATURE_FAILURE: UNKNOWN_AUTHORITY,
  CERT_HAS_EXPIRED: OUT_OF_DATE,
  CERT_NOT_YET_VALID: OUT_OF_DATE,
};

const DIAL_ERRORS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  EHOSTUNREACH: "no route to host",
  ENETUNREACH: "network is unreachable",
  ETIMEDOUT: "connection timed out",
};

const OTHER_ERRORS: Readonly<Record<string, (error: ConnectionError) => string>> = {
  ABORT_ERR: () => "context deadline exceeded",
  ENOTFOUND: ({ hostname }) => `dial tcp: lookup ${hostname}: no such host`,
  EAI_AGAIN: ({ hostname }) => `dial tcp: lookup ${hostname}: no such host`,
  ERR_TLS_CERT_ALTNAME_INVALID: (error) => `tls: failed to verify certificate: x509: ${wrongName(error)}`,
  EPROTO: () => "tls: first record does not look like a TLS handshake",
  ERR_SSL_WRONG_VERSION_NUMBER: () => "tls: first record does not look like a TLS handshake",
  ECONNRESET: () => "EOF",
};

/** What Go says where Node says `thrown`. */
export function connectionFailure(thrown: unknown): string {
  const error = thrown as ConnectionError;
  const { code = "" } = error;
  const dial = DIAL_ERRORS[code];
  if (dial !== undefined) return `dial tcp ${hostPort(error.address ?? "", error.port ?? 0)}: connect: ${dial}`;
  const certificate = CERTIFICATE_ERRORS[code];
  if (certificate !== undefined) return `tls: failed to verify certificate: x509: ${certificate}`;
  return OTHER_ERRORS[code]?.(error) ?? error.message;
}

function wrongName({ cert, host }: ConnectionError): string {
  const names = (cert?.subjectaltname ?? "").split(", ").map((name) => name.replace(/^(DNS|IP Address):/, ""));
  return `certificate is valid for ${names.join(", ")}, not ${host}`;
}

function hostPort(address: string, port: number): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

const STATUS_TEXTS: Readonly<Record<number, string>> = {
  400: "the server rejected our request for an unknown reason",
  401: "the server has asked for the client to provide credentials",
  404: "the server could not find the requested resource",
  405: "the server does not allow this method on the requested resource",
  406: "the server was unable to respond with a content type that the client supports",
  409: "the server reported a conflict",
  415: "the media type in the accept header is not supported by the server",
  422: "the server rejected our request due to an error in our request",
  429: "the server has received too many requests and has asked us to try again later",
  503: "the server is currently unable to handle the request",
  504: "the server was unable to return a response in the time allotted, but may still be processing the request",
};

/** What client-go says of an HTTP status that is no success. */
export function statusFailure(code: number, body: string): string {
  const known = STATUS_TEXTS[code];
  if (known !== undefined) return known;
  const shown = JSON.stringify(body.trim().slice(0, 1024) || "unknown");
  if (code >= 500) return `an error on the server (${shown}) has prevented the request from succeeding`;
  return `the server responded with the status code ${code} but did not return more information`;
}
