import { afterAll, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Values } from "../deploy/values.ts";
import { readOverrides, type ValueSources, valuesOf } from "./install-values.ts";

const folder = await mkdtemp(join(tmpdir(), "values-"));
afterAll(() => rm(folder, { recursive: true }));
const file = join(folder, "values.yml");
const from = async (sources: Partial<ValueSources>): Promise<Values> =>
  valuesOf(
    "1",
    await readOverrides({
      version: "1",
      flags: {},
      files: [],
      set: [],
      setString: [],
      setFile: [],
      ...sources,
    }),
  );

test("files win over flags, --set over files, each with the type of the value", async () => {
  await writeFile(file, "controllerReplicas: 2\nproxy:\n  uid: 3000\n  logLevel: info\n");
  await writeFile(join(folder, "name"), "registry/proxy");
  const values = await from({
    flags: { controllerReplicas: 5, proxy: { uid: 1 } },
    files: [file],
    set: [
      "proxy.uid=4000,proxy.await=false",
      "proxy.logLevel=warn\\,linkerd=debug",
      "policyController.probeNetworks={10.0.0.0/8}",
    ],
    setString: ["clusterDomain=1.2"],
    setFile: [`proxy.image.name=${join(folder, "name")}`],
  });
  expect(values).toMatchObject({
    controllerReplicas: 2,
    clusterDomain: "1.2",
    policyController: { probeNetworks: ["10.0.0.0/8"] },
    proxy: {
      uid: 4000,
      await: false,
      logLevel: "warn,linkerd=debug",
      image: { name: "registry/proxy", version: "1" },
    },
  });
});

test("--set reaches names with dots, and counts where a percentage stands", async () => {
  const values = await from({
    set: ["nodeSelector.kubernetes\\.io/os=linux,deploymentStrategy.rollingUpdate.maxSurge=2"],
  });
  expect(values.nodeSelector).toEqual({ "kubernetes.io/os": "linux" });
  expect(values.deploymentStrategy.rollingUpdate.maxSurge).toBe(2);
});

test.each([
  [{ set: ["a.b=1"] }, "Cannot use values: a is not known"],
  [{ set: ["proxy.uid=x"] }, "Cannot use values: proxy.uid must be a number"],
  [{ set: ["proxy.uid"] }, 'Cannot use "proxy.uid": name=value is expected'],
  [{ files: ["/none.yml"] }, "Cannot read /none.yml: there is no such file"],
  [{ set: ["namespace=A B"] }, 'Cannot use values: namespace cannot be "A B"'],
])("%j: %s", async (sources, message) => {
  expect(await from(sources).then(String, String)).toContain(message);
});

test("a file that holds no object is refused", async () => {
  const list = join(folder, "list.yml");
  await writeFile(list, "- a\n");
  expect(await from({ files: [list] }).then(String, String)).toContain("values are not an object");
  await writeFile(list, "");
  expect((await from({ files: [list] })).namespace).toBe("linkerd");
});

test("L14 no value changes what all objects are", async () => {
  await writeFile(file, "__proto__:\n  polluted: true\n");
  const ways: Partial<ValueSources>[] = [
    { files: [file] },
    { set: ["__proto__.polluted=1"] },
    { set: ["proxy.__proto__.polluted=1"] },
    { setString: ["__proto__=1"] },
    { set: ["constructor.prototype.polluted=1"] },
  ];
  for (const way of ways) expect(await from(way).catch(String)).toContain("is not known");
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
});
