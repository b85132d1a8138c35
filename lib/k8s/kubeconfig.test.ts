import { afterAll, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadKubeconfig } from "./kubeconfig.ts";

const folder = await mkdtemp(join(tmpdir(), "kubeconfig-"));
afterAll(() => rm(folder, { recursive: true }));
const path = join(folder, "config");
const base64 = (text: string): string => Buffer.from(text).toString("base64");

async function write(cluster: object, user: object): Promise<void> {
  await writeFile(
    path,
    JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      "current-context": "one",
      clusters: [{ name: "c", cluster: { server: "https://kube.test:6443/", ...cluster } }],
      users: [{ name: "u", user }],
      contexts: [
        { name: "one", context: { cluster: "c", user: "u" } },
        { name: "two", context: { cluster: "c", user: "u", namespace: "shop" } },
      ],
    }),
  );
}

const failure = async (choice: { path?: string; context?: string }): Promise<string> =>
  await loadKubeconfig(choice).then(
    () => "",
    (error: unknown) => String(error),
  );

test("certificates and the context's namespace are read", async () => {
  await write(
    { "certificate-authority-data": base64("CA") },
    { "client-certificate-data": base64("CERT"), "client-key-data": base64("KEY") },
  );
  expect(await loadKubeconfig({ path })).toEqual({
    server: "https://kube.test:6443",
    ca: "CA",
    cert: "CERT",
    key: "KEY",
    namespace: "default",
  });
  expect((await loadKubeconfig({ path, context: "two" })).namespace).toBe("shop");
});

test("a token comes from the file or from an exec plugin", async () => {
  await write({}, { token: "abc" });
  expect(await (await loadKubeconfig({ path })).token?.()).toBe("abc");
  const credential = {
    apiVersion: "client.authentication.k8s.io/v1",
    kind: "ExecCredential",
    status: { token: "from-plugin" },
  };
  await write(
    {},
    {
      exec: {
        apiVersion: "client.authentication.k8s.io/v1",
        command: "echo",
        args: [JSON.stringify(credential)],
        interactiveMode: "Never",
      },
    },
  );
  expect(await (await loadKubeconfig({ path })).token?.()).toBe("from-plugin");
});

test("what cannot be used is said", async () => {
  await write({}, {});
  expect(await failure({ path, context: "three" })).toContain('Cannot use context "three"');
  expect(await failure({ path: join(folder, "missing") })).toContain("Cannot read kubeconfig");
  await write({ "insecure-skip-tls-verify": true }, {});
  expect(await failure({ path })).toContain("insecure-skip-tls-verify is not supported");
  await write({}, { username: "a", password: "b" });
  expect(await failure({ path })).toContain("a user name and password is not supported");
});
