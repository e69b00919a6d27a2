/** Reads the fields of a custom resource from the schema of its CRD. */

/** An OpenAPI v3 schema in Kubernetes' structural subset, as far as it is shown. */
export interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: string | number | boolean;
  readonly enum?: readonly string[];
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: Schema;
  readonly "x-kubernetes-validations"?: readonly { readonly rule: string; readonly message: string }[];
}

export interface FieldRow {
  /** Path below `spec` or `status`, such as `serviceAllocation.priority` or `communities[].name`. */
  readonly path: string;
  /** The type in words, with what is allowed. */
  readonly type: string;
  readonly required: boolean;
  /** Undefined: the schema fills in nothing. */
  readonly default: Schema["default"] | undefined;
  readonly description: string;
  /** Whether the API server keeps the first value. */
  readonly immutable: boolean;
}

/** All fields below an object's schema, parents before children. What is inside of label selectors is left out. */
export function fieldRows(schema: Schema, prefix = ""): readonly FieldRow[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const path = `${prefix}${name}`;
    const row: FieldRow = {
      path,
      type: typeInWords(field),
      required: schema.required?.includes(name) === true && field.default === undefined,
      default: field.default,
      description: field.description ?? "",
      immutable: field["x-kubernetes-validations"]?.some(({ rule }) => rule.includes("oldSelf")) === true,
    };
    return [row, ...childRows(field, path)];
  });
}

function childRows(field: Schema, path: string): readonly FieldRow[] {
  if (isLabelSelector(field)) return [];
  if (field.type === "array") return field.items === undefined ? [] : childRows(field.items, `${path}[]`);
  return fieldRows(field, `${path}.`);
}

function typeInWords(field: Schema): string {
  if (isLabelSelector(field)) return "[label selector](#label-selectors)";
  if (field.enum !== undefined) return field.enum.map((value) => `\`${value}\``).join(" or ");
  if (field.type === "array") return `list of ${listed(field.items ?? {})}`;
  if (field.type === "integer") return `integer${rangeInWords(field)}`;
  if (field.format === "date-time") return "time";
  if (field.additionalProperties !== undefined) return "labels";
  return field.type ?? "any";
}

function listed(items: Schema): string {
  if (isLabelSelector(items)) return "[label selectors](#label-selectors)";
  if (items.enum !== undefined) return typeInWords(items);
  return `${items.type ?? "any"}s`;
}

function rangeInWords({ minimum, maximum }: Schema): string {
  if (minimum === undefined) return maximum === undefined ? "" : `, at most ${maximum}`;
  return maximum === undefined ? `, at least ${minimum}` : `, ${minimum} to ${maximum}`;
}

function isLabelSelector({ properties }: Schema): boolean {
  return properties?.["matchLabels"] !== undefined;
}
