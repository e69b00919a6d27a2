import type { KubeObject } from "../ports/kube.ts";
import { fieldsOf, textOf } from "./fields.ts";
import type { Complain } from "./resource.ts";
import type { SecretView } from "./secret.ts";
import { BASIC_AUTH } from "./secret.ts";

/** Linux takes keys of up to this many bytes (TCP_MD5SIG_MAXKEYLEN). */
const LONGEST_KEY = 80;

interface PasswordFields {
  readonly password?: string | undefined;
  readonly passwordSecret?: { readonly name?: string | undefined } | undefined;
}

/**
 * The TCP MD5 password of a peer, given in the peer itself or in a Secret of its namespace. What is wrong with the
 * Secret is no fault of the peer and may be mended without touching it, so it counts as unresolved. Issues never
 * contain a password.
 */
export function passwordOf(
  spec: PasswordFields,
  secrets: readonly SecretView[] | undefined,
  complain: Complain,
): string | undefined {
  const { password = "" } = spec;
  const secretName = spec.passwordSecret?.name ?? "";
  if (password !== "" && secretName !== "")
    complain("spec.passwordSecret", "password and passwordSecret are both set", "remove one of them");
  if (password !== "") {
    if (isTooLong(password)) complain("spec.password", tooLong("the password"), "choose a shorter one");
    return password;
  }
  return secretName === "" || secrets === undefined ? undefined : passwordIn(secretName, secrets, complain);
}

/** The Secret that a BGPPeer refers to, as it is in the API. */
export function secretNameOf(peer: KubeObject): string | undefined {
  return textOf(fieldsOf(fieldsOf(peer["spec"])["passwordSecret"])["name"]);
}

function passwordIn(name: string, secrets: readonly SecretView[], complain: Complain): string | undefined {
  const refuse = (message: string, fix: string): undefined => {
    complain("spec.passwordSecret.name", message, fix, "unresolved");
    return undefined;
  };
  const quoted = JSON.stringify(name);
  const secret = secrets.find((each) => each.name === name);
  if (secret === undefined)
    return refuse(`there is no Secret ${quoted}`, `create it beside the peer, of type ${BASIC_AUTH}`);
  if (secret.type !== BASIC_AUTH)
    return refuse(`Secret ${quoted} is of type ${JSON.stringify(secret.type)}`, `make it one of type ${BASIC_AUTH}`);
  const { password = "" } = secret;
  if (password === "") return refuse(`Secret ${quoted} has no password`, "put text under the key password");
  if (isTooLong(password)) return refuse(tooLong(`the password in Secret ${quoted}`), "choose a shorter one");
  return password;
}

function isTooLong(password: string): boolean {
  return new TextEncoder().encode(password).length > LONGEST_KEY;
}

function tooLong(what: string): string {
  return `${what} is longer than ${LONGEST_KEY} bytes, the most that TCP MD5 takes`;
}
