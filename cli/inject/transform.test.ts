import { expect, test } from "bun:test";
import { transform } from "./transform.ts";
import { splitDocuments } from "./yaml.ts";

test("transform() changes objects in lists too, and leaves the others as they are", () => {
  const given = "kind:   A\n---\nkind: List\nitems:\n- kind: B\n- {kind: A}\n";
  const { text: yaml, reports } = transform(splitDocuments("x", given), (manifest) => {
    const changed = manifest.kind === "B";
    if (changed) manifest.kind = "C";
    return { report: { kind: manifest.kind ?? "", name: "", result: "skipped" }, changed };
  });
  expect(yaml).toBe("kind:   A\n---\nkind: List\nitems:\n- kind: C\n- kind: A\n---\n");
  expect(reports.map(({ kind }) => kind)).toEqual(["A", "C", "A"]);
});

test("as JSON every object is written, comments alone are not", () => {
  const report = { kind: "", name: "", result: "skipped" } as const;
  const documents = splitDocuments("x", "# a\n---\na: 1\n---\nb: 2\n");
  const { text } = transform(documents, () => ({ report, changed: false }), "json");
  expect(text).toBe('{\n  "a": 1\n}\n{\n  "b": 2\n}\n');
});
