import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { FakeKubeApi } from "../../test/fake/kube-api.ts";

let fake: FakeKubeApi;
beforeAll(async () => {
  fake = await FakeKubeApi.start();
});
afterAll(() => fake.stop());

test("@kubernetes/client-node lists and creates with a token and the CA in NODE_EXTRA_CA_CERTS", async () => {
  const directory = mkdtempSync(`${tmpdir()}/kube-api-`);
  try {
    writeFileSync(`${directory}/ca.pem`, fake.authority.anchorsPem);
    const script = `
      const { KubeConfig, CoreV1Api } = await import("@kubernetes/client-node");
      const config = new KubeConfig();
      config.loadFromClusterAndUser({ name: "c", server: "${fake.url}" }, { name: "u", token: "admin" });
      const core = config.makeApiClient(CoreV1Api);
      await core.createNamespacedConfigMap({ namespace: "mesh", body: { metadata: { name: "official" }, data: { a: "b" } } });
      const { items } = await core.listNamespacedConfigMap({ namespace: "mesh" });
      console.log(items.some(({ metadata }) => metadata.name === "official"));`;
    const child = Bun.spawn([process.execPath, "-e", script], {
      env: { NODE_EXTRA_CA_CERTS: `${directory}/ca.pem` },
      cwd: `${import.meta.dir}/../..`,
      stdout: "pipe",
      stderr: "pipe",
    });
    const [out, error] = await Promise.all([child.stdout.text(), child.stderr.text()]);
    expect([out.trim(), error]).toEqual(["true", ""]);
  } finally {
    rmSync(directory, { recursive: true });
  }
}, 20_000);
