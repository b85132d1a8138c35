/** Label selectors as domain values (Kubernetes' rules). */

/** What labels must be. */
export type LabelRequirement = {
  readonly key: string;
  readonly operator: "in" | "not-in" | "exists" | "absent";
  readonly values: readonly string[];
};

/** All must hold; none takes everything. */
export type LabelSelector = readonly LabelRequirement[];

/** Labels of an object. */
export type Labels = Readonly<Record<string, string>>;

/** Whether labels satisfy a selector; without one nothing is selected. */
export function selects(selector: LabelSelector | undefined, labels: Labels): boolean {
  return selector?.every((each) => holds(each, labels)) ?? false;
}

function holds({ key, operator, values }: LabelRequirement, labels: Labels): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case "in":
      return value !== undefined && values.includes(value);
    case "not-in":
      return value === undefined || !values.includes(value);
    case "exists":
      return value !== undefined;
    case "absent":
      return value === undefined;
  }
}
