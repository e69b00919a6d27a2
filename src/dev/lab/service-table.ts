import Table from "cli-table3";

export interface ServiceRow {
  readonly service: string;
  readonly address: string;
  readonly ports: string;
  /** The node that the API says announces it. */
  readonly owner: string;
  /** What the client sees. */
  readonly mac: string;
  readonly macOf: string;
}

/** The table that people look at first: what the API says beside what the wire says. */
export function serviceTable(rows: readonly ServiceRow[]): string {
  const table = new Table({
    head: ["SERVICE", "ADDRESS", "PORTS", "OWNER (API)", "MAC SEEN BY THE CLIENT"],
    style: { head: [], border: [] },
    chars: { mid: "", "left-mid": "", "mid-mid": "", "right-mid": "" },
  });
  for (const { service, address, ports, owner, mac, macOf } of rows) {
    table.push([service, address, ports, owner, `${mac} (${macOf})`]);
  }
  return table.toString();
}
