import type { KubeObject } from "../ports/kube.ts";
import { fieldsOf, textOf } from "./fields.ts";

/** What is kept of a Secret: only those of type `kubernetes.io/basic-auth` keep their password. */
export interface SecretView {
  readonly name: string;
  readonly type: string;
  /** Undefined: it has none, or is of another type. Never log it. */
  readonly password: string | undefined;
}

export const BASIC_AUTH = "kubernetes.io/basic-auth";

/** Longer values are no TCP MD5 passwords. */
const LONGEST_BASE64 = 4096;

/** Never throws. A password that is not valid base64 or not UTF-8 counts as absent. */
export function projectSecret(object: KubeObject): SecretView {
  const type = textOf(object["type"]) ?? "";
  const encoded = type === BASIC_AUTH ? textOf(fieldsOf(object["data"])["password"], LONGEST_BASE64) : undefined;
  return {
    name: textOf(fieldsOf(object.metadata)["name"]) ?? "",
    type,
    password: encoded === undefined ? undefined : decodeBase64(encoded),
  };
}

function decodeBase64(text: string): string | undefined {
  try {
    const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
