import { expect, test } from "bun:test";

/** What of others' code is in the bundle of an entry, by package. */
async function packagesOf(entry: string): Promise<readonly string[]> {
  const { metafile } = await Bun.build({
    ...{ entrypoints: [entry], target: "bun" as const, metafile: true },
  });
  const names = Object.keys(metafile?.inputs ?? {}).flatMap((path) => {
    const [, name] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path) ?? [];
    return name ?? [];
  });
  return [...new Set(names)].sort();
}

test("a sidecar has no room for what only the control plane needs", async () => {
  const folder = import.meta.dir;
  expect(await packagesOf(`${folder}/main.ts`)).toEqual(["ipaddr.js"]);
  expect(await packagesOf(`${folder}/../controller/main.ts`)).toContain("@bufbuild/protobuf");
});
