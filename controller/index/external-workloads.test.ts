import { expect, test } from "bun:test";
import { externalIps, externalPorts, toExternalWorkload } from "./external-workloads.ts";

const spec = {
  meshTLS: { identity: "spiffe://root.example/vm", serverName: "vm.example" },
  workloadIPs: [{ ip: "192.0.2.9" }, { ip: "2001:DB8::9" }, { ip: "x" }, {}],
  ports: [
    { name: "http", port: 8080 },
    { name: "dns", port: 53, protocol: "UDP" },
    { port: 9000 },
    { name: "bad", port: 0 },
  ],
};
const metadata = { name: "vm-1", namespace: "shop", labels: { app: "legacy" } };
const read = (over: object, annotations: Record<string, string> = {}) =>
  toExternalWorkload(
    { metadata: { ...metadata, annotations }, spec: { ...spec, ...over } },
    { namespace: undefined, opaquePorts: "25" },
  );

test("DST7, DST8: toExternalWorkload() reads who it is, where, and what it listens on", () => {
  expect(read({})).toMatchObject({
    ...{ name: "vm-1", namespace: "shop", external: true, labels: { app: "legacy" } },
    ips: ["192.0.2.9", "2001:db8::9"],
    identity: { name: "spiffe://root.example/vm", serverName: "vm.example" },
    proxy: { inboundPort: 4143, metaPorts: [] },
    namedPorts: new Map([["http", [8080]]]),
    opaque: [{ from: 25, to: 25 }],
  });
  const ports = [...spec.ports, { name: "linkerd-proxy", port: 5143 }];
  expect(read({ ports }).proxy?.inboundPort).toBe(5143);
  const marks = {
    "config.linkerd.io/opaque-ports": "http",
    "config.linkerd.io/skip-inbound-ports": "22",
    "config.linkerd.io/default-inbound-policy": "deny",
  };
  expect(read({}, marks)).toMatchObject({
    ...{ opaque: [{ from: 8080, to: 8080 }], skipInbound: [{ from: 22, to: 22 }] },
    defaultPolicy: "deny",
  });
});

test("DST4, DST6: which ports are skipped a workload says itself, not its namespace", () => {
  const annotations = { "config.linkerd.io/skip-inbound-ports": "8080" };
  const from = { namespace: { metadata: { annotations } }, opaquePorts: "25" };
  expect(toExternalWorkload({ metadata, spec }, from).skipInbound).toEqual([]);
});

test("one that does not say who it is has no proxy, and is not gone to", () => {
  for (const meshTLS of [undefined, {}, { identity: 1 }, "x"])
    expect(read({ meshTLS })).toMatchObject({ identity: undefined, proxy: undefined });
  expect(read({ meshTLS: { identity: "vm.example" } }).identity?.serverName).toBe("vm.example");
});

test("what cannot be read at all has no addresses and no ports", () => {
  expect([externalIps(undefined), externalIps({ metadata, spec: 1 })]).toEqual([[], []]);
  expect(externalPorts({ metadata, spec: { ports: "x" } }).size).toBe(0);
});
