import { expect, test } from "bun:test";
import { transform } from "./transform.ts";
import { splitDocuments } from "./yaml.ts";

test("transform() changes objects in lists too, and leaves the others as they are", () => {
  const text = "kind:   A\n---\nkind: List\nitems:\n- kind: B\n- {kind: A}\n";
  const { yaml, reports } = transform(splitDocuments("x", text), (manifest) => {
    const changed = manifest.kind === "B";
    if (changed) manifest.kind = "C";
    return { report: { kind: manifest.kind ?? "", name: "", result: "skipped" }, changed };
  });
  expect(yaml).toBe("kind:   A\n---\nkind: List\nitems:\n- kind: C\n- kind: A\n---\n");
  expect(reports.map(({ kind }) => kind)).toEqual(["A", "C", "A"]);
});
