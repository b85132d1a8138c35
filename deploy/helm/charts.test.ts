import { expect, test } from "bun:test";
import { charts } from "./charts.ts";

const all = charts("1.2.3");
const text = (name: string, file: string): string =>
  all.find((chart) => chart.name === name)?.files.get(file) ?? "";
const properties = (name: string): string[] =>
  Object.keys(
    (JSON.parse(text(name, "values.schema.json")) as { properties: Record<string, unknown> })
      .properties,
  );

test("charts() are Linkerd's three, of the version, each with values and their schema", () => {
  expect(all.map(({ name }) => name)).toEqual([
    "linkerd-crds",
    "linkerd-control-plane",
    "linkerd2-cni",
  ]);
  for (const { name, files } of all) {
    expect(files.get("Chart.yaml")).toContain(`name: "${name}"`);
    expect(files.get("Chart.yaml")).toContain('version: "1.2.3"');
    expect(files.has("values.yaml")).toBe(true);
  }
});

test("a chart has the values that it honours, and no other", () => {
  expect(properties("linkerd-crds")).toEqual(["installGatewayAPI", "global"]);
  expect(properties("linkerd2-cni")).toEqual(expect.arrayContaining(["cni", "proxyInit"]));
  expect(properties("linkerd2-cni")).not.toContain("controllerReplicas");
  expect(properties("linkerd-control-plane")).not.toContain("cni");
  expect(properties("linkerd-control-plane")).not.toContain("namespace");
});

test("nothing that stands for something is left in a chart, and the namespace is Helm's to make", () => {
  for (const { files } of all)
    for (const [file, content] of files)
      if (/[\u27e6\u27e7]|9000000000\d\d\d/.test(content)) throw new Error(`${file}: ${content}`);
  for (const { files } of all)
    expect([...files.keys()].filter((file) => file.includes("/namespace-"))).toEqual([]);
  expect(text("linkerd2-cni", "templates/NOTES.txt")).toContain("kubectl label");
});
