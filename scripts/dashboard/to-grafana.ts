import type { Builder, Dataquery } from "@grafana/grafana-foundation-sdk/cog";
import * as bargauge from "@grafana/grafana-foundation-sdk/bargauge";
import * as common from "@grafana/grafana-foundation-sdk/common";
import * as grafana from "@grafana/grafana-foundation-sdk/dashboard";
import { DataqueryBuilder, PromQueryFormat } from "@grafana/grafana-foundation-sdk/prometheus";
import * as stat from "@grafana/grafana-foundation-sdk/stat";
import * as statetimeline from "@grafana/grafana-foundation-sdk/statetimeline";
import * as table from "@grafana/grafana-foundation-sdk/table";
import * as timeseries from "@grafana/grafana-foundation-sdk/timeseries";
import type { Panel, Query, Thresholds } from "./panel.ts";

/** The one that is chosen on top of the dashboard. */
export const DATASOURCE: common.DataSourceRef = { type: "prometheus", uid: "${datasource}" };

const HEIGHT = 8;
const STAT_HEIGHT = 4;

type Of<K extends Panel["kind"]> = Extract<Panel, { kind: K }>;

/** What the builders of all kinds of panels have. */
interface CommonBuilder extends Builder<grafana.Panel> {
  title(title: string): this;
  description(description: string): this;
  datasource(datasource: common.DataSourceRef): this;
  span(columns: number): this;
  height(rows: number): this;
  unit(unit: string): this;
  targets(targets: Builder<Dataquery>[]): this;
}

/** A panel as Grafana wants it. */
export function toGrafana(panel: Panel): Builder<grafana.Panel> {
  switch (panel.kind) {
    case "lines":
      return lines(panel);
    case "stat":
      return number(panel);
    case "bars":
      return bars(panel);
    case "states":
      return states(panel);
    case "table":
      return rows(panel);
  }
}

function withCommon<B extends CommonBuilder>(builder: B, panel: Panel): B {
  const { title, description, unit, width, height = panel.kind === "stat" ? STAT_HEIGHT : HEIGHT, queries } = panel;
  const latest = panel.kind === "stat" || panel.kind === "bars" || panel.kind === "table";
  return builder
    .title(title)
    .description(description)
    .datasource(DATASOURCE)
    .span(width)
    .height(height)
    .unit(unit)
    .targets(queries.map((query, i) => target(query, i, { latest, asTable: panel.kind === "table" })));
}

function target(
  { expr, legend }: Query,
  i: number,
  { latest, asTable }: { readonly latest: boolean; readonly asTable: boolean },
): DataqueryBuilder {
  const query = new DataqueryBuilder()
    .refId(String.fromCodePoint("A".codePointAt(0)! + i))
    .datasource(DATASOURCE)
    .expr(expr)
    .legendFormat(legend);
  if (asTable) query.format(PromQueryFormat.Table);
  return latest ? query.instant() : query.range();
}

function thresholds(steps: Thresholds): grafana.ThresholdsConfigBuilder {
  const list = steps.map((step) => ({ value: "from" in step ? step.from : null, color: step.color }));
  return new grafana.ThresholdsConfigBuilder().mode(grafana.ThresholdsMode.Absolute).steps(list);
}

function byThreshold(): grafana.FieldColorBuilder {
  return new grafana.FieldColorBuilder().mode(grafana.FieldColorModeId.Thresholds);
}

function lastValue(): common.ReduceDataOptionsBuilder {
  return new common.ReduceDataOptionsBuilder().calcs(["lastNotNull"]);
}

function lines(panel: Of<"lines">): Builder<grafana.Panel> {
  const legend = new common.VizLegendOptionsBuilder()
    .displayMode(common.LegendDisplayMode.Table)
    .placement(common.LegendPlacement.Bottom)
    .showLegend(true)
    .calcs(["lastNotNull", "max"]);
  const tooltip = new common.VizTooltipOptionsBuilder()
    .mode(common.TooltipDisplayMode.Multi)
    .sort(common.SortOrder.Descending);
  const builder = withCommon(new timeseries.PanelBuilder(), panel)
    .legend(legend)
    .tooltip(tooltip)
    .showPoints(common.VisibilityMode.Never)
    .min(0)
    .noValue("none");
  if (panel.shape === undefined) return builder.lineWidth(2).fillOpacity(5);
  builder.stacking(new common.StackingConfigBuilder().mode(common.StackingMode.Normal).group("A"));
  if (panel.shape === "areas") return builder.lineWidth(2).fillOpacity(40);
  // What happened is in the bar of its time and in no other: a bar is as wide as the time that it counts.
  return builder.drawStyle(common.GraphDrawStyle.Bars).lineWidth(1).fillOpacity(80).decimals(0).interval("2m");
}

function number(panel: Of<"stat">): Builder<grafana.Panel> {
  const builder = withCommon(new stat.PanelBuilder(), panel)
    .thresholds(thresholds(panel.thresholds))
    .colorScheme(byThreshold())
    .colorMode(common.BigValueColorMode.Value)
    .graphMode(common.BigValueGraphMode.None)
    .reduceOptions(lastValue());
  if (panel.words !== undefined) {
    const words = Object.entries(panel.words).map(([value, text]) => [value, { text }] as const);
    builder.mappings([mapping(Object.fromEntries(words))]);
  }
  if (panel.noValue !== undefined) builder.noValue(panel.noValue);
  return builder;
}

function bars(panel: Of<"bars">): Builder<grafana.Panel> {
  return withCommon(new bargauge.PanelBuilder(), panel)
    .min(0)
    .max(100)
    .thresholds(thresholds(panel.thresholds))
    .colorScheme(byThreshold())
    .orientation(common.VizOrientation.Horizontal)
    .displayMode(common.BarGaugeDisplayMode.Basic)
    .reduceOptions(lastValue())
    .noValue("no pools");
}

function states(panel: Of<"states">): Builder<grafana.Panel> {
  const words = Object.entries(panel.states).map(([value, { word, color }]) => [value, { text: word, color }] as const);
  return withCommon(new statetimeline.PanelBuilder(), panel)
    .mappings([mapping(Object.fromEntries(words))])
    .colorScheme(byThreshold())
    .showValue(common.VisibilityMode.Never)
    .mergeValues(true)
    .rowHeight(0.8)
    .lineWidth(0)
    .fillOpacity(80)
    .noValue("none");
}

function rows(panel: Of<"table">): Builder<grafana.Panel> {
  const names = Object.keys(panel.columns);
  const organize = {
    excludeByName: { Time: true, Value: true },
    indexByName: Object.fromEntries(names.map((name, i) => [name, i])),
    renameByName: panel.columns,
  };
  return withCommon(new table.PanelBuilder(), panel)
    .filterable(true)
    .withTransformation({ id: "organize", options: organize })
    .noValue("none");
}

function mapping(options: Readonly<Record<string, grafana.ValueMappingResult>>): grafana.ValueMap {
  return { type: grafana.MappingType.ValueToText, options: { ...options } };
}
