import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { $ } from "bun";
import { archive, type ImageSpec } from "./archive.ts";

const SPEC: ImageSpec = {
  name: "test.local/mesh:1",
  architecture: "amd64",
  layers: [new Map([["hello", { type: "file", mode: 0o644, bytes: Buffer.from("hi") }]])],
  user: "2102",
  entrypoint: ["/hello"],
  environment: { A: "1" },
  labels: { version: "1" },
};

test("archive() is an OCI layout whose blobs are what their names say", async () => {
  const folder = mkdtempSync(`${tmpdir()}/archive-test-`);
  await Bun.write(`${folder}/image.tar`, Buffer.concat([...archive(SPEC)]));
  await $`tar -xf image.tar`.cwd(folder);
  type Descriptor = { digest: string; size: number };
  const read = ({ digest, size }: Descriptor): Buffer => {
    const bytes = readFileSync(`${folder}/blobs/${digest.replace(":", "/")}`);
    expect(`sha256:${createHash("sha256").update(bytes).digest("hex")}`).toBe(digest);
    expect(bytes.length).toBe(size);
    return bytes;
  };
  const parse = <T>(bytes: Buffer): T => JSON.parse(bytes.toString()) as T;
  const index = parse<{ manifests: (Descriptor & { annotations: object })[] }>(
    readFileSync(`${folder}/index.json`),
  );
  const [first] = index.manifests;
  if (first === undefined) throw new Error("no manifest");
  expect(first.annotations).toEqual({
    "io.containerd.image.name": "test.local/mesh:1",
    "org.opencontainers.image.ref.name": "1",
  });
  const manifest = parse<{ config: Descriptor; layers: Descriptor[] }>(read(first));
  const config = parse<{ config: object; rootfs: { diff_ids: string[] } }>(read(manifest.config));
  expect(config.config).toEqual({
    User: "2102",
    Entrypoint: ["/hello"],
    Env: ["A=1"],
    WorkingDir: "/",
    Labels: { version: "1" },
  });
  expect(config.rootfs.diff_ids).toEqual(manifest.layers.map(({ digest }) => digest));
  await Bun.write(`${folder}/layer.tar`, read(manifest.layers[0] as Descriptor));
  expect(await $`tar -xOf layer.tar hello`.cwd(folder).text()).toBe("hi");
  rmSync(folder, { recursive: true });
});

test("L8: archive() gives the same bytes each time", () => {
  expect(Buffer.concat([...archive(SPEC)])).toEqual(Buffer.concat([...archive(SPEC)]));
});
