import { expect, test } from "bun:test";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { IMAGES_ANNOTATION, imagesOf, parseImage, parseManifest } from "./manifest.ts";

const configMap = (name: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n`;

test("parseManifest() reads documents and the items of lists, and passes over empty ones", () => {
  const list = `apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: c}}\n`;
  const text = [configMap("a"), "", configMap("b"), list].join("---\n");
  expect(parseManifest(text, "app.yml").map(({ metadata }) => metadata?.name)).toEqual([
    ...["a", "b", "c"],
  ]);
});

test.each([
  ["a: [", "Cannot read app.yml"],
  ["just text", "document 1 has no apiVersion, kind or metadata.name"],
  [`${configMap("a")}---\nkind: Pod\napiVersion: v1\n`, "document 2 has no"],
])("parseManifest() refuses %j", (text, message) => {
  expect(() => parseManifest(text, "app.yml")).toThrow(message);
});

test("imagesOf() finds the programs that annotations name, from the file's folder or the path", () => {
  const folder = mkdtempSync("/tmp/manifest-");
  try {
    writeFileSync(`${folder}/web.js`, "");
    chmodSync(`${folder}/web.js`, 0o755);
    const annotations = { [IMAGES_ANNOTATION]: `web=./web.js, sh=sh\n  own=${folder}/web.js` };
    const images = imagesOf([{ metadata: { annotations } }, {}], `${folder}/app.yml`);
    expect([...images]).toEqual([
      ["web", `${folder}/web.js`],
      ["sh", Bun.which("sh") ?? ""],
      ["own", `${folder}/web.js`],
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.each([
  ["web", "write NAME=PROGRAM"],
  ["=sh", "write NAME=PROGRAM"],
  ["web=./none", "/nowhere/none is no program of this machine"],
])("parseImage() refuses %s", (text, message) => {
  expect(() => parseImage(text, "/nowhere")).toThrow(message);
});
