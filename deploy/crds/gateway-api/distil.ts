/** What is kept of the Gateway API's own files: definitions without their prose. */

import { loadAll } from "js-yaml";

/** Which release they are of: the newest that Linkerd's control plane of this time takes. */
export const GATEWAY_API_VERSION = "1.5.1";

/** What releases come in. The standard one is for clusters; the experimental one has TCPRoute too. */
export const CHANNELS = ["standard", "experimental"] as const;
export type Channel = (typeof CHANNELS)[number];

type Tree = Readonly<Record<string, unknown>>;

/**
 * The definitions of a file as lines of JSON. Descriptions are left out: with them a definition does not fit into the
 * annotation in which `kubectl apply` keeps what it applied, and all of them are ten times as long. So is the status, which
 * is an empty form that the API refuses.
 */
export function distil(yaml: string): string[] {
  return loadAll(yaml)
    .filter((each): each is Tree => isTree(each) && each["kind"] === "CustomResourceDefinition")
    .map(({ status: _, ...definition }) => JSON.stringify(withoutProse(definition, "keywords")));
}

const isTree = (value: unknown): value is Tree =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A property may be called `description`; a keyword of that name is prose. */
function withoutProse(value: unknown, names: "keywords" | "properties"): unknown {
  if (Array.isArray(value)) return value.map((each) => withoutProse(each, "keywords"));
  if (!isTree(value)) return value;
  const kept = Object.entries(value).filter(
    ([name]) => names === "properties" || name !== "description",
  );
  return Object.fromEntries(
    kept.map(([name, each]) => [
      name,
      withoutProse(each, names === "keywords" && name === "properties" ? "properties" : "keywords"),
    ]),
  );
}
