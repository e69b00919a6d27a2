import Table from "cli-table3";

export interface ServiceRow {
  readonly service: string;
  readonly address: string;
  readonly ports: string;
  /** The node that the API says announces it. */
  readonly owner: string;
  /** What the client sees. */
  readonly mac: string;
}

/** No lines, as kubectl prints tables: five columns fit 80 characters that way. */
const LINES = ["top", "top-mid", "top-left", "top-right", "bottom", "bottom-mid", "bottom-left", "bottom-right"];
const MORE_LINES = ["left", "left-mid", "mid", "mid-mid", "right", "right-mid"];
const BARE = { ...Object.fromEntries([...LINES, ...MORE_LINES].map((line) => [line, ""])), middle: "  " };

/** The table that people look at first: what the API says beside what the wire says. */
export function serviceTable(rows: readonly ServiceRow[]): string {
  const table = new Table({
    head: ["SERVICE", "ADDRESS", "PORTS", "OWNER", "MAC SEEN BY CLIENT"],
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
    chars: BARE,
  });
  for (const { service, address, ports, owner, mac } of rows) table.push([service, address, ports, owner, mac]);
  return table.toString();
}
