import type { ApiObject } from "../objects.ts";

/** A cell of a Table: text, number or nothing. */
export type Cell = string | number | bigint | boolean | null;

export interface Column {
  readonly name: string;
  readonly type: "string" | "integer" | "number" | "boolean" | "date";
  readonly format: string;
  readonly description: string;
  /** 0 is shown always, 1 only with `-o wide`. */
  readonly priority: number;
}

/** How objects of one kind are printed by `kubectl get`. */
export interface TablePrinter {
  readonly columns: readonly Column[];
  /** One cell per column. `wallTime` is the time now, in milliseconds since 1970. */
  cells(object: ApiObject, wallTime: number): Cell[];
}

export const NAME: Column = column("Name", { format: "name" });

export function column(
  name: string,
  options: { readonly type?: Column["type"]; readonly format?: string; readonly wide?: boolean } = {},
): Column {
  return {
    name,
    type: options.type ?? "string",
    format: options.format ?? "",
    description: "",
    priority: options.wide === true ? 1 : 0,
  };
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A duration as `kubectl` prints it: two significant units while short, then one (k8s.io/apimachinery duration.HumanDuration). */
export function humanDuration(totalSeconds: number): string {
  const s = Math.floor(totalSeconds);
  if (s < -1) return "<invalid>";
  if (s < 0) return "0s";
  if (s < 2 * MINUTE) return `${s}s`;
  if (s < 10 * MINUTE) return pair(s, MINUTE, "m", 1, "s");
  if (s < 3 * HOUR) return `${Math.floor(s / MINUTE)}m`;
  if (s < 8 * HOUR) return pair(s, HOUR, "h", MINUTE, "m");
  if (s < 2 * DAY) return `${Math.floor(s / HOUR)}h`;
  if (s < 8 * DAY) return pair(s, DAY, "d", HOUR, "h");
  const days = Math.floor(s / DAY);
  if (days < 2 * 365) return `${days}d`;
  if (days < 8 * 365) return `${Math.floor(days / 365)}y${days % 365 === 0 ? "" : `${days % 365}d`}`;
  return `${Math.floor(days / 365)}y`;
}

function pair(total: number, big: number, bigUnit: string, small: number, smallUnit: string): string {
  const rest = Math.floor((total % big) / small);
  return `${Math.floor(total / big)}${bigUnit}${rest === 0 ? "" : `${rest}${smallUnit}`}`;
}

/** Time since an RFC 3339 time stamp. */
export function since(time: unknown, wallTime: number): string {
  const then = typeof time === "string" ? Date.parse(time) : Number.NaN;
  return Number.isNaN(then) ? "<unknown>" : humanDuration((wallTime - then) / 1000);
}

export function age(object: ApiObject, wallTime: number): string {
  return since(object.metadata.creationTimestamp, wallTime);
}

/** `a=b,c=d`, or `<none>`. */
export function labelsText(labels: unknown): string {
  const entries = Object.entries((labels ?? {}) as Record<string, string>).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0 ? "<none>" : entries.map(([key, value]) => `${key}=${value}`).join(",");
}

/** `a,b,c + 2 more...` */
export function firstFew(items: readonly string[], max: number): string {
  if (items.length === 0) return "<none>";
  const more = items.length > max ? ` + ${items.length - max} more...` : "";
  return items.slice(0, max).join(",") + more;
}
