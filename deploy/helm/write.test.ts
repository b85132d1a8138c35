import { expect, test } from "bun:test";
import type { Marker } from "./markers.ts";
import { type Json, type Part, treeOf } from "./tree.ts";
import { TemplateWriter } from "./write.ts";

const MARKERS: readonly Marker[] = [
  { token: "TEXT", use: "scalar", expression: "$.Values.text" },
  { token: "9000", use: "number", expression: "$.Values.number" },
  { token: "LIST", use: "list", expression: "$.Values.list" },
  { token: "ONE", use: "map", expression: "$.Values.one" },
  { token: "TWO", use: "map", expression: "$.Values.two" },
];
function written(json: Json, change: (part: Part) => void = () => undefined): string {
  const part: Part = { key: "", node: treeOf(json), conditions: [], base: true };
  change(part);
  return new TemplateWriter(MARKERS).document(part);
}

test.each<[string, Json, string]>([
  ["texts", { a: "TEXT" }, "a: {{ $.Values.text | toJson }}"],
  ["texts in texts", { a: "50%-TEXT" }, 'a: {{ printf "50%%-%v" ($.Values.text) | toJson }}'],
  ["numbers", { a: 9000 }, "a: {{ int64 $.Values.number }}"],
  ["numbers as texts", { a: "9000" }, 'a: {{ printf "%v" (int64 $.Values.number) | toJson }}'],
  ["lists", { a: ["LIST"] }, "a: {{ $.Values.list | toJson }}"],
  ["lists as texts", ["-x=LIST"], '- {{ printf "-x=%v" (join "," $.Values.list) | toJson }}'],
  ["maps", { a: { ONE: "" } }, "a: {{ $.Values.one | toJson }}"],
  ["braces", { a: "{{ x }}" }, 'a: {{ "{{ x }}" | toJson }}'],
  ["keys that YAML reads otherwise", { on: 1, "a b": 2 }, '"on": 1\n"a b": 2'],
  ["nothing", { a: {}, b: [], c: null }, "a: {}\nb: []\nc: null"],
  ["arrays of objects", [{ a: 1, b: { c: true } }], "- a: 1\n  b:\n    c: true"],
])("%s", (_, json, text) => {
  expect(written(json)).toBe(`${text}\n`);
});

test("elements that are made of a list's are ranged over", () => {
  expect(written({ from: [{ ipBlock: { cidr: "LIST" } }] })).toBe(
    [
      "from:",
      "{{- range $.Values.list }}",
      "  - ipBlock:",
      "      cidr: {{ . | toJson }}",
      "{{- end }}",
      "",
    ].join("\n"),
  );
});

test("names of maps come after a manifest's own, which win; of two maps the later wins", () => {
  expect(written({ ONE: "", TWO: "", own: "x" })).toBe(
    [
      'own: "x"',
      '{{- range $name, $value := omit (merge (dict) (default dict $.Values.two) (default dict $.Values.one)) "own" }}',
      "{{ $name | toJson }}: {{ $value | toJson }}",
      "{{- end }}",
      "",
    ].join("\n"),
  );
});

test("what is conditional is in a block, a changing scalar on its line", () => {
  const text = written([{ a: 1, b: "x" }], (part) => {
    part.conditions.push("$.Values.all");
    const element = part.node.type === "array" ? part.node.parts[0]?.node : undefined;
    const [first, second] = element?.type === "object" ? element.parts : [];
    first?.conditions.push("$.Values.a");
    if (second?.node.type === "scalar")
      second.node.others.push({ condition: "$.Values.b", value: treeOf("y") });
  });
  expect(text).toBe(
    [
      "{{- if $.Values.all }}",
      "-",
      "{{- if $.Values.a }}",
      "  a: 1",
      "{{- end }}",
      '  b: {{ if $.Values.b }}"y"{{ else }}"x"{{ end }}',
      "{{- end }}",
      "",
    ].join("\n"),
  );
});
