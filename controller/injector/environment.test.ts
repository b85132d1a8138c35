import { expect, test } from "bun:test";
import type { Pod } from "#lib/k8s/types/core.ts";
import { fakeValues } from "../../test/fake/values.ts";
import { additionalEnv, mergeEnv, proxyEnv } from "./environment.ts";
import { settingsOf } from "./settings.ts";

const pod: Pod = {
  metadata: { annotations: { "config.linkerd.io/opaque-ports": "db,9000-9001" } },
  spec: {
    containers: [
      {
        name: "app",
        ports: [
          { containerPort: 3306, name: "db" },
          { containerPort: 53, protocol: "UDP" },
        ],
        livenessProbe: { httpGet: { port: 9990 } },
        readinessProbe: { httpGet: { port: "db" } },
      },
    ],
  },
};
const values = fakeValues();
const settings = settingsOf(values, { pod: pod.metadata?.annotations, namespace: undefined });
const env = proxyEnv(pod, { values, settings, anchors: { pem: "PEM" }, component: undefined });
const textOf = (name: string): string | undefined => env.find((each) => each.name === name)?.value;

test("INJ9: container ports and numeric ports of HTTP probes are watched, UDP ones are not", () => {
  expect(textOf("LINKERD2_PROXY_INBOUND_PORTS")).toBe("3306,9990");
});

test("opaque ports are the pod's, names of container ports among them", () => {
  expect(textOf("LINKERD2_PROXY_INBOUND_PORTS_DISABLE_PROTOCOL_DETECTION")).toBe("3306,9000-9001");
});

test("each variable names only earlier ones, and none comes twice", () => {
  const seen = new Set<string>();
  for (const { name, value = "" } of env) {
    for (const [, used] of value.matchAll(/\$\((\w+)\)/g)) expect(seen).toContain(used as string);
    expect(seen).not.toContain(name);
    seen.add(name);
  }
});

test("connections to loopback over IPv6 are taken too: eBPF sends IPv6 there", () => {
  expect(textOf("LINKERD2_PROXY_OUTBOUND_LISTEN_ADDRS")).toBe("127.0.0.1:4140,[::1]:4140");
});

test("mergeEnv() replaces by name, additionalEnv() takes the pod's list over its namespace's", () => {
  const key = "config.linkerd.io/proxy-additional-env";
  const list = (...pairs: (readonly [string, string])[]): string =>
    JSON.stringify(pairs.map(([name, value]) => ({ name, value })));
  expect(
    additionalEnv({
      namespace: { [key]: list(["A", "1"], ["B", "2"]) },
      pod: { [key]: list(["A", "3"]) },
    }),
  ).toEqual([
    { name: "B", value: "2" },
    { name: "A", value: "3" },
  ]);
  expect(mergeEnv([{ name: "A", value: "1" }], [{ name: "A", value: "2" }])).toEqual([
    { name: "A", value: "2" },
  ]);
  for (const text of ["{}", "[1]", "["])
    expect(additionalEnv({ pod: { [key]: text }, namespace: undefined })).toBeUndefined();
});
