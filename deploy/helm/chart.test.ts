import { expect, test } from "bun:test";
import { flag, text } from "../values/kinds.ts";
import { pick, type Source, templatesOf, valuesUsed } from "./chart.ts";

const GROUP = { name: text("x", { initial: "a" }), on: flag("x", true), form: flag("x", true) };
const SOURCE: Source = {
  group: GROUP,
  expressions: {},
  form: "form",
  texts: { CERT: "$.Values.cert" },
  conditions: { "Secret-s": "$.Values.extra" },
  render: ({ name, on, form }: { name: string; on: boolean; form: boolean }) => [
    { kind: "Service", metadata: { name: "s", labels: { a: form ? name : `${name}-old` } } },
    ...(on ? [{ kind: "ConfigMap", metadata: { name: "c" }, data: { k: "v" } }] : []),
    { kind: "Secret", metadata: { name: "s" }, data: { crt: btoa("CERT") } },
  ],
};

test("templatesOf() has a file an object, under the conditions on which it is there", () => {
  const templates = templatesOf(SOURCE);
  expect([...templates.keys()]).toEqual(["service-s.yaml", "configmap-c.yaml", "secret-s.yaml"]);
  expect(templates.get("configmap-c.yaml")).toStartWith("{{- if $.Values.on }}\n");
  expect(templates.get("secret-s.yaml")).toStartWith("{{- if $.Values.extra }}\n");
  expect(templates.get("secret-s.yaml")).toContain("crt: {{ ($.Values.cert | b64enc) | toJson }}");
});

test("templatesOf() writes what differs by form in both", () => {
  const source: Source = {
    ...SOURCE,
    render: ({ form }: { form: boolean }) => [
      { kind: "Pod", metadata: { name: "p", labels: form ? { a: "b" } : { c: "d" } } },
      { kind: "Service", metadata: { name: "s" } },
    ],
  };
  const templates = templatesOf(source);
  expect(templates.get("service-s.yaml")).not.toContain("{{-");
  expect(templates.get("pod-p.yaml")).toMatch(
    /^\{\{- if \$\.Values\.form \}\}\n[\s\S]*a: "b"\n\{\{- else \}\}\n[\s\S]*c: "d"\n\{\{- end \}\}\n$/,
  );
});

test("templatesOf() refuses an object that comes where a value is off", () => {
  const render = ({ on }: { on: boolean }) => (on ? [] : [{ kind: "A", metadata: { name: "a" } }]);
  const { form: _, ...rest } = SOURCE;
  expect(() => templatesOf({ ...rest, render: render as never })).toThrow("on adds A-a");
});

test("valuesUsed() has the values that templates name, pick() those that are wanted", () => {
  const group = { a: { b: flag("x", true), c: flag("x", true) }, ab: flag("x", true) };
  expect(Object.keys(valuesUsed(group, ["{{ $.Values.ab }}"]))).toEqual(["ab"]);
  expect(pick(group, "", (path) => path === "a.c")).toEqual({ a: { c: group.a.c } });
});
