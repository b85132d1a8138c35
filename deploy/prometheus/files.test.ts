import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { prometheusFiles } from "./files.ts";

const MESH = { namespace: "linkerd", cniNamespace: "linkerd-cni" };

test("the files beside this one are what main.ts writes", () => {
  for (const [name, text] of prometheusFiles(MESH))
    expect(readFileSync(new URL(name, import.meta.url), "utf8")).toBe(text);
});
