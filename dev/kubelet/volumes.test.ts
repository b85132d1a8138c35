import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import type { Volume } from "#lib/k8s/types/core.ts";
import { prepareVolumes, type VolumeSource } from "./volumes.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync("/tmp/volumes-");
});
afterEach(() => rmSync(folder, { recursive: true }));

const prepare = (volume: Omit<Volume, "name">, change: Partial<VolumeSource> = {}): string => {
  const volumes = prepareVolumes({
    pod: {
      metadata: { name: "web-1", namespace: "a" },
      spec: { containers: [], volumes: [{ name: "v", ...volume }] },
    },
    ...{
      podIps: ["10.0.0.2"] as const,
      nodeIps: ["10.0.0.1"] as const,
      folder,
      wallMs: Date.now(),
    },
    configMap: (name) =>
      name === "c" ? { data: { one: "1", two: "2" }, binaryData: { three: "Mw==" } } : undefined,
    secret: (name) => (name === "s" ? { data: { key: "aGk=" } } : undefined),
    token: ({ audience, seconds }) => `${audience} ${seconds}`,
    hostPath: (path) => `${folder}/host${path}`,
    ...change,
  });
  return volumes.get("v") ?? "";
};
const text = (path: string): string => readFileSync(path, "utf8");

test("a ConfigMap's keys are files, all of them or those that are named", () => {
  const all = prepare({ configMap: { name: "c" } });
  expect(readdirSync(all).toSorted()).toEqual(["one", "three", "two"]);
  expect(text(`${all}/three`)).toBe("3");
  prepare({ configMap: { name: "c", items: [{ key: "two", path: "deep/er" }] } });
  expect(text(`${all}/deep/er`)).toBe("2");
});

test("a key that is gone takes its file along; a file that stays the same is not written", () => {
  const at = prepare({ configMap: { name: "c" } });
  const { ino } = statSync(`${at}/one`);
  prepare({ configMap: { name: "c" } }, { configMap: () => ({ data: { one: "1", new: "4" } }) });
  expect(readdirSync(at).toSorted()).toEqual(["new", "one"]);
  expect(statSync(`${at}/one`).ino).toBe(ino);
});

test("a Secret is decoded; one that is optional may be missing", () => {
  expect(text(`${prepare({ secret: { secretName: "s" } })}/key`)).toBe("hi");
  expect(readdirSync(prepare({ secret: { secretName: "x", optional: true } }))).toEqual([]);
});

test.each([
  [{ configMap: { name: "x" } }, "Cannot mount ConfigMap x: there is none of that name"],
  [{ secret: { secretName: "x" } }, "Cannot mount Secret x"],
  [
    { configMap: { name: "c", items: [{ key: "four", path: "4" }] } },
    "Cannot mount ConfigMap c: it has no key four",
  ],
  [{ persistentVolumeClaim: { claimName: "disk" } }, "Cannot mount volume v: its kind"],
])("%j is refused", (volume, message) => {
  expect(() => prepare(volume)).toThrow(message);
});

test("a projected volume joins its sources", () => {
  const at = prepare({
    projected: {
      sources: [
        { configMap: { name: "c", items: [{ key: "one", path: "one" }] } },
        { secret: { name: "s" } },
        { downwardAPI: { items: [{ path: "name", fieldRef: { fieldPath: "metadata.name" } }] } },
        { serviceAccountToken: { path: "token", audience: "mesh", expirationSeconds: 600 } },
      ],
    },
  });
  expect(Object.fromEntries(readdirSync(at).map((name) => [name, text(`${at}/${name}`)]))).toEqual({
    one: "1",
    key: "hi",
    name: "web-1",
    token: "mesh 600",
  });
});

test("fields of the pod are files", () => {
  const items = [{ path: "ip", fieldRef: { fieldPath: "status.podIP" } }];
  expect(text(`${prepare({ downwardAPI: { items } })}/ip`)).toBe("10.0.0.2");
});

test("a token is made anew when four fifths of its life are over", () => {
  const volume = { projected: { sources: [{ serviceAccountToken: { path: "token" } }] } };
  const now = Date.now();
  let made = 0;
  const change = { token: () => `token ${made++}` };
  const at = prepare(volume, { ...change, wallMs: now });
  prepare(volume, { ...change, wallMs: now + 0.7 * 3_600_000 });
  expect(text(`${at}/token`)).toBe("token 0");
  prepare(volume, { ...change, wallMs: now + 0.81 * 3_600_000 });
  expect(text(`${at}/token`)).toBe("token 1");
});

test("an emptyDir is for every user, and keeps what is in it", async () => {
  const at = prepare({ emptyDir: {} });
  expect(statSync(at).mode & 0o777).toBe(0o777);
  await Bun.write(`${at}/mine`, "x");
  prepare({ emptyDir: {} });
  expect(readdirSync(at)).toEqual(["mine"]);
});

test("a hostPath is made, unless it is a file", () => {
  expect(statSync(prepare({ hostPath: { path: "/dir" } })).isDirectory()).toBe(true);
  const file = prepare({ hostPath: { path: "/file", type: "File" } });
  expect(statSync(file, { throwIfNoEntry: false })).toBeUndefined();
});
