import { expect, test } from "bun:test";
import type { Pod } from "#lib/k8s/types/core.ts";
import { fakeValues } from "../../test/fake/values.ts";
import { proxyEnv } from "./environment.ts";
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

test("P59: connections of both families are taken: a pod may have addresses of either or both", () => {
  const listens = ["INBOUND", "ADMIN", "CONTROL"].map((name) =>
    textOf(`LINKERD2_PROXY_${name}_LISTEN_ADDR`),
  );
  expect(listens).toEqual(["[::]:4143", "[::]:4191", "[::]:4190"]);
});

test("connections to loopback over IPv6 are taken too: eBPF sends IPv6 there", () => {
  expect(textOf("LINKERD2_PROXY_OUTBOUND_LISTEN_ADDRS")).toBe("127.0.0.1:4140,[::1]:4140");
});

test("opaque ports that overlap are named once: the proxy takes no longer list than there are ports", () => {
  const annotations = { "config.linkerd.io/opaque-ports": "1-65535,80,9000-9001,1-65535,x" };
  const wide = { ...pod, metadata: { annotations } };
  const own = settingsOf(values, { pod: annotations, namespace: undefined });
  const how = { values, settings: own, anchors: { pem: "PEM" }, component: undefined };
  const name = "LINKERD2_PROXY_INBOUND_PORTS_DISABLE_PROTOCOL_DETECTION";
  expect(proxyEnv(wide, how).find((each) => each.name === name)?.value).toBe("1-65535");
});
