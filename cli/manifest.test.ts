import { expect, test } from "bun:test";
import type { Context } from "./context.ts";
import { writeManifest } from "./manifest.ts";

test("writeManifest() prints one document after the other, or JSON", () => {
  const out: string[] = [];
  const context = {
    terminal: { write: (text: string) => void out.push(text) },
  } as unknown as Context;
  const objects = [{ kind: "A" }, { kind: "B" }];
  writeManifest(objects, { output: "yaml", context });
  expect(out.splice(0).join("")).toBe("---\nkind: A\n---\nkind: B\n");
  writeManifest(objects.slice(1), { output: "json", context });
  expect(out.join("")).toBe('{\n  "kind": "B"\n}\n');
});
