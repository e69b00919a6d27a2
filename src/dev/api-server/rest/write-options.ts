import { badRequest } from "../errors.ts";
import { invalid } from "../errors.ts";
import { unsupportedValue } from "../field-errors.ts";

type FieldValidation = "Strict" | "Warn" | "Ignore";

/** What all writes have in common. */
export interface WriteOptions {
  /** Who writes, for managedFields. */
  readonly manager: string;
  /** Whether the client named the manager itself: server-side apply insists on it. */
  readonly managerGiven: boolean;
  readonly dryRun: boolean;
  readonly fieldValidation: FieldValidation;
  readonly force: boolean;
  /** Texts for Warning headers; the write adds to it. */
  readonly warnings: string[];
}

/** How the server's own controllers write. */
export function internalWrite(manager: string): WriteOptions {
  return { manager, managerGiven: true, dryRun: false, fieldValidation: "Ignore", force: false, warnings: [] };
}

function managerOf(userAgent: string | undefined): string {
  const name = (userAgent ?? "").split("/")[0]!.slice(0, 128);
  return name === "" ? "unknown" : name;
}

function fieldValidation(query: URLSearchParams): FieldValidation {
  const value = query.get("fieldValidation") ?? "";
  if (value === "") return "Warn";
  if (value === "Strict" || value === "Warn" || value === "Ignore") return value;
  const error = unsupportedValue("fieldValidation", value, ["Ignore", "Strict", "Warn"]);
  throw invalid({ group: "meta.k8s.io", kind: "CreateOptions" }, "", [error]);
}

/** Reads dryRun, fieldManager, fieldValidation and force from a request. Throws 400 or 422. */
export function writeOptions(query: URLSearchParams, userAgent: string | undefined): WriteOptions {
  const dryRun = query.getAll("dryRun").filter((value) => value !== "");
  if (dryRun.some((value) => value !== "All")) {
    throw badRequest(`invalid dryRun value ${JSON.stringify(dryRun.join(","))}: only "All" is supported`);
  }
  const manager = query.get("fieldManager") ?? "";
  return {
    manager: manager === "" ? managerOf(userAgent) : manager,
    managerGiven: manager !== "",
    dryRun: dryRun.length > 0,
    fieldValidation: fieldValidation(query),
    force: query.get("force") === "true",
    warnings: [],
  };
}
