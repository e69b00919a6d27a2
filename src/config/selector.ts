/** A label selector in the form it is evaluated in; an empty one matches everything. */
export interface LabelSelector {
  readonly requirements: readonly LabelRequirement[];
}

export interface LabelRequirement {
  readonly key: string;
  readonly operator: "In" | "NotIn" | "Exists" | "DoesNotExist";
  readonly values: readonly string[];
}

export type Labels = Readonly<Record<string, string>>;

/** Whether every requirement holds. `NotIn` also matches objects without the label, as in Kubernetes. */
export function selectorMatches(selector: LabelSelector, labels: Labels): boolean {
  return selector.requirements.every((requirement) => requirementHolds(requirement, labels));
}

/** A list of selectors is an OR. */
export function anySelectorMatches(selectors: readonly LabelSelector[], labels: Labels): boolean {
  return selectors.some((selector) => selectorMatches(selector, labels));
}

function requirementHolds({ key, operator, values }: LabelRequirement, labels: Labels): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
  }
}
