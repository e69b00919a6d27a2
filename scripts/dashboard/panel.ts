/** One expression of a panel; `legend` names its series with `{{label}}`. */
export interface Query {
  readonly expr: string;
  readonly legend: string;
}

interface PanelBase {
  readonly title: string;
  /** What one sees, and when to worry. */
  readonly description: string;
  readonly queries: readonly Query[];
  /** As Grafana names units; `short` is a plain number. */
  readonly unit: string;
  /** Of 24 columns. */
  readonly width: number;
  readonly height?: number;
}

/** From which value on which colour; the first is for everything below. */
export type Thresholds = readonly [
  { readonly color: string },
  ...(readonly { readonly from: number; readonly color: string }[]),
];

/** Lines over time. */
interface Lines extends PanelBase {
  readonly kind: "lines";
  /** Areas on top of each other, for parts of a whole; or bars, for how often something happened. */
  readonly shape?: "areas" | "bars";
}

/** The latest value as a number. */
interface Stat extends PanelBase {
  readonly kind: "stat";
  readonly thresholds: Thresholds;
  /** Words for values. */
  readonly words?: Readonly<Record<number, string>>;
  /** Shown when there is nothing to count. */
  readonly noValue?: string;
}

/** The latest value of each series as a bar from 0 to 100 %. */
interface Bars extends PanelBase {
  readonly kind: "bars";
  readonly thresholds: Thresholds;
}

/** The state of each series over time, each state with a word and a colour. */
interface States extends PanelBase {
  readonly kind: "states";
  readonly states: Readonly<Record<number, { readonly word: string; readonly color: string }>>;
}

/** The latest series, one a row, with these labels as columns: their names and headings. Their values are not shown. */
interface Table extends PanelBase {
  readonly kind: "table";
  readonly columns: Readonly<Record<string, string>>;
}

export type Panel = Lines | Stat | Bars | States | Table;

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}
