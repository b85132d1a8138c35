/** Takes a manifest through a change, object by object; what is not changed keeps its bytes. */

import type { ObjectReport } from "./report.ts";
import { asManifest, itemsOf, type Manifest, type Place } from "./workload.ts";
import { leadingComments, parseDocument, writeDocument, type YamlDocument } from "./yaml.ts";

/** Changes an object in place and reports; `changed` is whether it did. */
export type Change = (
  manifest: Manifest,
  at: Place,
) => { readonly report: ObjectReport; readonly changed: boolean };

/** All documents written again, as JSON one after the other, and a report for every object. Throws YamlError. */
export function transform(
  documents: readonly YamlDocument[],
  change: Change,
  output: "yaml" | "json" = "yaml",
): { readonly text: string; readonly reports: readonly ObjectReport[] } {
  const reports: ObjectReport[] = [];
  const written = documents.map((document) => {
    const value = parseDocument(document);
    if (value === undefined) return output === "json" ? "" : document.text;
    const at: Place = { document, path: [] };
    const changed = changeValue(value, { at, change, reports });
    if (output === "json") return `${JSON.stringify(value, undefined, 2)}\n`;
    if (!changed) return document.text;
    return leadingComments(document.text) + writeDocument(value);
  });
  const text =
    output === "json" ? written.join("") : written.map((each) => `${each}---\n`).join("");
  return { text, reports };
}

type Work = { readonly change: Change; readonly reports: ObjectReport[] };

function changeValue(value: unknown, { at, ...work }: Work & { readonly at: Place }): boolean {
  const manifest = asManifest(value, at);
  const items = itemsOf(manifest, at);
  if (items === undefined) {
    const { report, changed } = work.change(manifest, at);
    work.reports.push(report);
    return changed;
  }
  const changes = items.map((item, index) =>
    changeValue(item, { ...work, at: { ...at, path: [...at.path, "items", index] } }),
  );
  return changes.includes(true);
}
