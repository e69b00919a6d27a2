import type { Paint } from "../render/paint.ts";
import { counted, printable } from "../render/words.ts";
import type { ValidationIssue, ValidationReport } from "./validation-report.ts";

/** One line per issue, as compilers print them, so that editors find the place; the last line sums up. */
export function renderValidation(report: ValidationReport, paint: Paint): string {
  return [...report.issues.map((issue) => issueLine(issue, paint)), summary(report, paint), ""].join("\n");
}

/** Behind the place it is word for word what the webhook and the ConfigurationState say. */
function issueLine({ severity, path, line, object, field, message, fix }: ValidationIssue, paint: Paint): string {
  const color = severity === "error" ? paint.red : paint.yellow;
  const said = [object, field, `${message}; ${fix}`].filter((part) => part !== "").join(": ");
  return `${paint.bold(printable(`${path}:${line}:`))} ${color(`${severity}:`)} ${printable(said)}`;
}

function summary({ valid, checked, ignored, issues }: ValidationReport, paint: Paint): string {
  const errors = issues.filter(({ severity }) => severity === "error").length;
  const warnings = issues.length - errors;
  const found = [counted(errors, "error"), ...(warnings === 0 ? [] : [counted(warnings, "warning")])].join(", ");
  const verdict = valid ? paint.green(checked === 0 ? "nothing to check" : "valid") : paint.red("invalid");
  return `${verdict}: ${counted(checked, "metallb.io object")}, ${found}${ignoredText(ignored)}`;
}

function ignoredText(ignored: ValidationReport["ignored"]): string {
  const kinds = Object.entries(ignored);
  if (kinds.length === 0) return "";
  const total = kinds.reduce((sum, [, count]) => sum + count, 0);
  const list = kinds.map(([kind, count]) => `${count} ${printable(kind)}`).join(", ");
  return `; ${counted(total, "other object")} not looked at (${list})`;
}
