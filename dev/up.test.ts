import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { DEPLOYMENTS, PODS } from "#lib/k8s/resource.ts";
import { systemClock } from "#lib/sys/system-clock.ts";
import { uniqueInstance } from "../test/fake/dev-cluster.ts";
import { RecordedLog } from "../test/fake/recorded-log.ts";
import { createInstance, type Instance, removeInstance } from "./instance.ts";
import { bringUp, type UpOptions } from "./up.ts";

let instance: Instance;
let folder: string;
beforeEach(() => {
  instance = uniqueInstance();
  folder = mkdtempSync("/tmp/up-");
});
afterEach(async () => {
  await removeInstance(instance);
  rmSync(folder, { recursive: true });
});

const APPLICATION = `
apiVersion: v1
kind: Namespace
metadata:
  name: shop
  annotations: {linkerd.io/inject: enabled, dev.bunkerd.io/images: "shop/web=node"}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: shop/web:1
        args: ["-e", "require('http').createServer((q, a) => a.end('hello')).listen(8080)"]
        readinessProbe: {httpGet: {port: 8080}, periodSeconds: 1}
`;

function up(
  lines: string[],
  { file, ...change }: Partial<UpOptions> & { readonly file?: string } = {},
): ReturnType<typeof bringUp> {
  const options: UpOptions = {
    ...{
      instance,
      images: new Map(),
      overrides: {},
      ipFamily: "ipv4",
      version: "0.0.0",
      clock: systemClock,
    },
    files: file === undefined ? [] : [file],
    logger: new RecordedLog().logger,
    report: (line) => void lines.push(line),
    ...change,
  };
  return bringUp(options);
}

test("bringUp() installs the mesh and an application in it, and takes both down", async () => {
  const file = `${folder}/app.yml`;
  writeFileSync(file, APPLICATION);
  const lines: string[] = [];
  const running = await up(lines, { file });
  try {
    expect(lines.slice(1)).toEqual([
      ...["node agent", "control plane", "application"].map(
        (what) => `${what}: applied, waiting for it`,
      ),
    ]);
    const web = await running.user.get(DEPLOYMENTS, { name: "web", namespace: "shop" });
    expect(web?.status?.availableReplicas).toBe(1);
    const [pod] = (await running.user.list(PODS, { namespace: "shop" })).items;
    const names = [...(pod?.spec?.initContainers ?? []), ...(pod?.spec?.containers ?? [])];
    expect(names.map(({ name }) => name)).toContain("linkerd-proxy");
  } finally {
    await running.stopAndRemove(0);
  }
  expect(existsSync(instance.root)).toBe(false);
}, 30_000);

const failure = (call: Promise<unknown>): Promise<string> => call.then(() => "none", String);

test("bringUp() leaves an instance alone that runs already", async () => {
  createInstance(instance);
  expect(await failure(up([]))).toContain(
    `Cannot start ${instance.name}: it runs already as process ${process.pid}`,
  );
  expect(existsSync(instance.root)).toBe(true);
});

test("bringUp() reads the application before anything is made", async () => {
  writeFileSync(`${folder}/app.yml`, "kind: Wish\n");
  expect(await failure(up([], { file: `${folder}/app.yml` }))).toContain(
    "document 1 has no apiVersion",
  );
  expect(existsSync(instance.root)).toBe(false);
});

test("bringUp() leaves nothing behind where it fails", async () => {
  const overrides = { cni: { redirect: "magic" } } as never;
  expect(await failure(up([], { overrides }))).toContain("Cannot use values");
  expect(existsSync(instance.root)).toBe(false);
}, 20_000);
