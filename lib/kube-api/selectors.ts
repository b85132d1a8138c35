/** Label and field selectors as they stand in a query. */

import { ApiError } from "./api-error.ts";
import { type ApiObject, at, fieldsOf, listOf, stringsOf, textAt } from "./object.ts";

/** Whether an object is chosen. */
export type Chooses = (object: ApiObject) => boolean;

type Labels = Readonly<Record<string, unknown>>;

/** Parses both selectors of a query. Throws an ApiError of code BadRequest. */
export function parseSelectors(labels: string | undefined, fields: string | undefined): Chooses {
  const tests = [...labelTests(labels ?? ""), ...fieldTests(fields ?? "")];
  return (object) => tests.every((test) => test(object));
}

/** Whether labels match a selector object (`matchLabels`, `matchExpressions`); an absent one matches all. */
export function matchesLabels(selector: unknown, labels: Labels = {}): boolean {
  const wanted = Object.entries(fieldsOf(at(selector, "matchLabels")));
  if (!wanted.every(([name, value]) => labels[name] === value)) return false;
  return listOf(at(selector, "matchExpressions")).every((expression) => {
    const name = textAt(expression, "key") ?? "";
    const value = labels[name];
    const isIn = stringsOf(expression["values"]).includes(String(value));
    switch (expression["operator"]) {
      case "In":
        return value !== undefined && isIn;
      case "NotIn":
        return value === undefined || !isIn;
      case "Exists":
        return value !== undefined;
      default:
        return value === undefined;
    }
  });
}

function labelTests(text: string): Chooses[] {
  const parts = text.match(/(?:[^,(]|\([^)]*\))+/g) ?? [];
  return parts
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map((part) => {
      const test = labelTest(part);
      return (object) => test(object.metadata.labels ?? {});
    });
}

function labelTest(part: string): (labels: Labels) => boolean {
  const set = /^(\S+)\s+(in|notin)\s*\(([^)]*)\)$/.exec(part);
  if (set !== null) {
    const [, name = "", operator, list = ""] = set;
    const values = list.split(",").map((value) => value.trim());
    const isIn = (labels: Labels): boolean =>
      labels[name] !== undefined && values.includes(String(labels[name]));
    return operator === "in" ? isIn : (labels) => !isIn(labels);
  }
  const equal = /^([^=!\s]+)\s*(==|=|!=)\s*(\S*)$/.exec(part);
  if (equal !== null) {
    const [, name = "", operator, value] = equal;
    return operator === "!="
      ? (labels) => labels[name] !== value
      : (labels) => labels[name] === value;
  }
  const exists = /^(!?)\s*([^=!\s]+)$/.exec(part);
  if (exists === null)
    throw new ApiError("BadRequest", `unable to parse requirement: found '${part}'`);
  const [, not, name = ""] = exists;
  return (labels) => (labels[name] === undefined) === (not === "!");
}

function fieldTests(text: string): Chooses[] {
  return text
    .split(",")
    .filter((part) => part !== "")
    .map((part) => {
      const [, path, operator, value = ""] = /^([^=!]+)(==|=|!=)(.*)$/.exec(part) ?? [];
      if (path === undefined)
        throw new ApiError("BadRequest", `invalid selector: '${part}'; can't understand '${part}'`);
      const names = path.split(".");
      return (object) => (String(at(object, ...names) ?? "") === value) === (operator !== "!=");
    });
}
