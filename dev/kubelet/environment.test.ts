import { expect, test } from "bun:test";
import type { Container, Pod } from "#lib/k8s/types/core.ts";
import { buildEnvironment, type EnvironmentSource, expand, fieldOf } from "./environment.ts";

const pod: Pod = {
  metadata: { name: "web-1", namespace: "a", uid: "u", labels: { app: "web" } },
  spec: { nodeName: "node", containers: [] },
};
const source: EnvironmentSource = {
  pod,
  podIps: ["10.1.0.2", "fd00::2"],
  nodeIps: ["10.1.0.1", "fd00::1"],
  configMap: (name) => (name === "c" ? { data: { mode: "fast" } } : undefined),
  secret: (name) => (name === "s" ? { data: { key: "aGk=" } } : undefined),
};

test("buildEnvironment() follows references and lets later variables use earlier ones", () => {
  const container: Container = {
    name: "web",
    resources: { limits: { cpu: "1500m" } },
    envFrom: [{ configMapRef: { name: "c" }, prefix: "C_" }, { secretRef: { name: "s" } }],
    env: [
      { name: "POD", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
      { name: "ID", value: "$(POD).$(NS).$$(POD)" },
      { name: "KEY", valueFrom: { secretKeyRef: { name: "s", key: "key" } } },
      { name: "NONE", valueFrom: { configMapKeyRef: { name: "c", key: "x", optional: true } } },
      { name: "CPU", valueFrom: { resourceFieldRef: { resource: "limits.cpu" } } },
      { name: "EMPTY" },
    ],
  };
  expect(buildEnvironment(container, source, { BASE: "1" })).toEqual({
    ...{ BASE: "1", C_mode: "fast", key: "hi", POD: "web-1", ID: "web-1.$(NS).$(POD)" },
    ...{ KEY: "hi", CPU: "2", EMPTY: "" },
  });
});

test("buildEnvironment() names the reference that leads nowhere", () => {
  const env = [{ name: "X", valueFrom: { secretKeyRef: { name: "s", key: "none" } } }];
  expect(() => buildEnvironment({ name: "c", env }, source)).toThrow("no key none in s");
});

test.each([
  ["metadata.namespace", "a"],
  ["metadata.uid", "u"],
  ["metadata.labels['app']", "web"],
  ["metadata.labels", 'app="web"\n'],
  ["metadata.annotations['none']", ""],
  ["spec.nodeName", "node"],
  ["spec.serviceAccountName", "default"],
  ["status.podIP", "10.1.0.2"],
  ["status.podIPs", "10.1.0.2,fd00::2"],
  ["status.hostIP", "10.1.0.1"],
  ["status.hostIPs", "10.1.0.1,fd00::1"],
])("fieldOf() %s", (path, expected) => {
  expect(fieldOf(path, source)).toBe(expected);
});

test("fieldOf() refuses what the downward API does not have", () => {
  expect(() => fieldOf("status.nothing", source)).toThrow("status.nothing");
});

test("expand() leaves unknown names as they are", () => {
  expect(expand("$(A)$(B) $$ $", { A: "x" })).toBe("x$(B) $ $");
});
