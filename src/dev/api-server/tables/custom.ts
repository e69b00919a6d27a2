import { JSONPath } from "jsonpath-plus";
import type { ApiObject } from "../objects.ts";
import type { PrinterColumn } from "../resources.ts";
import type { Cell, Column, TablePrinter } from "./columns.ts";
import { NAME, age, column, since } from "./columns.ts";
import { stringifyJson } from "../json-text.ts";

/** From the JSONPath of Kubernetes (`.metadata.annotations.metallb\.io/x`) to the common one (`$…['metallb.io/x']`). */
function commonPath(path: string): string {
  const bare = path.replace(/^\{?\s*/, "").replace(/\s*\}?$/, "");
  const quoted = bare.replaceAll(/\.((?:[^.[\]\\]|\\.)*\\.(?:[^.[\]\\]|\\.)*)/g, (_, key: string) => {
    return `['${key.replaceAll(/\\(.)/g, "$1")}']`;
  });
  return `$${quoted}`;
}

/** A path that can't be evaluated finds nothing: a definition's mistake must not break its lists. */
function evaluate(object: ApiObject, path: string): unknown[] {
  try {
    return JSONPath<unknown[]>({ path, json: object, eval: "safe", wrap: true }) ?? [];
  } catch {
    return [];
  }
}

function cell(found: readonly unknown[], type: string, wallTime: number): Cell {
  const [value] = found;
  if (value === undefined || value === null) return null;
  if (type === "date") return since(value, wallTime);
  if (type === "integer" || type === "number" || type === "boolean") return value as Cell;
  if (found.length > 1) return found.map(shown).join(",");
  return shown(value);
}

function shown(value: unknown): string {
  return typeof value === "string" ? value : stringifyJson(value);
}

/** Columns of a custom resource: those of its definition, or its age when it defines none. */
export function customTable(columns: readonly PrinterColumn[] | undefined): TablePrinter {
  if (columns === undefined || columns.length === 0) {
    return {
      columns: [NAME, column("Age")],
      cells: (object, wallTime) => [object.metadata.name, age(object, wallTime)],
    };
  }
  const paths = columns.map(({ jsonPath }) => commonPath(jsonPath));
  return {
    columns: [
      NAME,
      ...columns.map((definition): Column => ({
        name: definition.name,
        type: definition.type as Column["type"],
        format: definition.format ?? "",
        description: definition.description ?? "",
        priority: definition.priority ?? 0,
      })),
    ],
    cells: (object, wallTime) => [
      object.metadata.name,
      ...columns.map(({ type }, i) => cell(evaluate(object, paths[i]!), type, wallTime)),
    ],
  };
}
