/** What a speaker and those who ask it for its state have agreed on. */

/** Where it is, on the port of the metrics. */
export const STATE_PATH = "/state";

/** Whom tokens are for that are good for this alone. */
export const STATE_AUDIENCE = "inspect.metallb.io";

/** Carries the bearer token where `Authorization` doesn't arrive: the API server's proxy keeps that for itself. */
export const TOKEN_HEADER = "metallb-authorization";
