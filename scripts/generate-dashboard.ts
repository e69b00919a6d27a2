/**
 * Writes charts/metallb/dashboards/metallb.json, the dashboard for Grafana. Run it after a change of scripts/dashboard;
 * test/dashboard.test.ts fails until it was.
 *
 *     npm run generate:dashboard
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import * as grafana from "@grafana/grafana-foundation-sdk/dashboard";
import type { Row } from "./dashboard/panel.ts";
import { ADDRESSES, OVERVIEW } from "./dashboard/rows-addresses.ts";
import { ANNOUNCING, LAYER2, MEMBERSHIP } from "./dashboard/rows-announcing.ts";
import { BGP } from "./dashboard/rows-bgp.ts";
import { API, PROCESSES } from "./dashboard/rows-operation.ts";
import { DATASOURCE, toGrafana } from "./dashboard/to-grafana.ts";

export const ROWS: readonly Row[] = [OVERVIEW, ADDRESSES, ANNOUNCING, LAYER2, MEMBERSHIP, BGP, API, PROCESSES];

/** What can be chosen on top of the dashboard, and which series know the choices. */
export const VARIABLES = [
  { name: "namespace", label: "Namespace", metric: "metallb_k8s_client_config_loaded_bool" },
  { name: "job", label: "Job", metric: `metallb_k8s_client_config_loaded_bool{namespace=~"$namespace"}` },
  {
    name: "node",
    label: "Node",
    metric: `metallb_k8s_client_config_loaded_bool{namespace=~"$namespace", job=~"$job"}`,
  },
  { name: "pool", label: "Pool", metric: `metallb_allocator_addresses_total{namespace=~"$namespace", job=~"$job"}` },
] as const;

/** The file's text. */
export function dashboardText(): string {
  return `${JSON.stringify(dashboard(), undefined, 2)}\n`;
}

function dashboard(): grafana.Dashboard {
  const builder = new grafana.DashboardBuilder("MetalLB")
    .uid("metallb-ts")
    .description("Addresses, who announces them, layer 2, membership, BGP, and the processes behind it.")
    .tags(["metallb", "kubernetes", "networking"])
    .tooltip(grafana.DashboardCursorSync.Crosshair)
    .time({ from: "now-1h", to: "now" })
    .refresh("30s")
    .timezone("browser")
    .withVariable(new grafana.DatasourceVariableBuilder("datasource").label("Data source").type("prometheus"));
  for (const { name, label, metric } of VARIABLES) builder.withVariable(choice(name, label, metric));
  for (const { title, panels } of ROWS) {
    builder.withRow(new grafana.RowBuilder(title));
    for (const panel of panels) builder.withPanel(toGrafana(panel));
  }
  const { panels = [], ...built } = builder.build();
  return { ...built, panels: panels.map((panel, i) => ({ ...panel, id: i + 1 })) };
}

/** All is not a list of those that are known: series without the label are meant, too. */
function choice(name: string, label: string, metric: string): grafana.QueryVariableBuilder {
  return new grafana.QueryVariableBuilder(name)
    .label(label)
    .datasource(DATASOURCE)
    .query({ query: `label_values(${metric}, ${name})`, refId: name })
    .refresh(grafana.VariableRefresh.OnTimeRangeChanged)
    .sort(grafana.VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    .allValue(".*")
    .current({ selected: true, text: "All", value: "$__all" });
}

if (import.meta.main) {
  const file = join(import.meta.dirname, "../charts/metallb/dashboards/metallb.json");
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, dashboardText());
}
