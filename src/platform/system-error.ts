import { getSystemErrorMap } from "node:util";
import { EnvironmentError } from "../lib/errors.ts";

/** Called for what goes wrong on something that stays usable; `code` as in EnvironmentError. */
export type OnTrouble = (code: string, message: string) => void;

/** Errors that may be gone at the next try. */
const PASSING = new Set(["EAGAIN", "EBUSY", "EINTR", "EMFILE", "ENETDOWN", "ENFILE", "ENOBUFS", "ENOMEM", "no-link"]);

/**
 * The error of a system call that returned `-errno`. Code `no-permission`, `not-supported`, `no-link`, or the name of the errno.
 * `action` says what was attempted, as in "open a packet socket on eth0".
 */
export function systemError(action: string, negativeErrno: number): EnvironmentError {
  const [name, text] = getSystemErrorMap().get(negativeErrno) ?? [`errno ${-negativeErrno}`, "unknown error"];
  const code = codeOf(name);
  const hint = code === "no-permission" ? "; the process needs the capability CAP_NET_RAW" : "";
  return new EnvironmentError(code, `can't ${action}: ${text} (${name})${hint}`, { retryable: PASSING.has(code) });
}

function codeOf(errno: string): string {
  if (errno === "EPERM" || errno === "EACCES") return "no-permission";
  if (errno === "EAFNOSUPPORT" || errno === "EPROTONOSUPPORT") return "not-supported";
  if (errno === "ENODEV" || errno === "ENXIO") return "no-link";
  return errno;
}
