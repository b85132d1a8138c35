import { expect, test } from "bun:test";
import type { Service } from "#lib/k8s/types/core.ts";
import type { EndpointSlice } from "#lib/k8s/types/discovery.ts";
import { renderServices, serviceRoutes } from "./services.ts";

const NETWORKS = [
  { family: "IPv4", serviceCidr: "10.96.0.0/16" },
  { family: "IPv6", serviceCidr: "fd01::/112" },
] as const;

const service = (name: string, clusterIP: string, port = 80): Service => ({
  metadata: { name, namespace: "a" },
  spec: { clusterIP, ports: [{ name: "http", port }] },
});

const slice = (name: string, addresses: string[], ready = true): EndpointSlice => ({
  addressType: "IPv4",
  metadata: { name: `${name}-1`, namespace: "a", labels: { "kubernetes.io/service-name": name } },
  ports: [{ name: "http", port: 8080 }],
  endpoints: addresses.map((ip) => ({ addresses: [ip], conditions: { ready } })),
});

test("serviceRoutes() pairs a Service's ports with its ready endpoints", () => {
  const routes = serviceRoutes(
    [service("web", "10.96.0.2"), service("none", "None"), service("idle", "10.96.0.1")],
    [slice("web", ["10.1.0.2"]), slice("web", ["10.1.0.9"], false), slice("other", ["10.1.0.3"])],
  );
  expect(routes).toEqual([
    { protocol: "tcp", ip: "10.96.0.1", port: 80, endpoints: [] },
    { protocol: "tcp", ip: "10.96.0.2", port: 80, endpoints: [{ ip: "10.1.0.2", port: 8080 }] },
  ]);
});

test("a Service of both families leads by each of its addresses to endpoints of that family", () => {
  const both = service("web", "10.96.0.2");
  const spec = { ...both.spec, clusterIPs: ["10.96.0.2", "fd01::2"] };
  const second: EndpointSlice = { ...slice("web", ["fd00::2"]), addressType: "IPv6" };
  expect(serviceRoutes([{ ...both, spec }], [slice("web", ["10.1.0.2"]), second])).toEqual([
    { protocol: "tcp", ip: "10.96.0.2", port: 80, endpoints: [{ ip: "10.1.0.2", port: 8080 }] },
    { protocol: "tcp", ip: "fd01::2", port: 80, endpoints: [{ ip: "fd00::2", port: 8080 }] },
  ]);
});

test("renderServices() is a script that nft accepts", () => {
  const six = (name: string, ips: string[]): EndpointSlice => ({
    ...slice(name, ips),
    addressType: "IPv6",
  });
  const script = renderServices(
    serviceRoutes(
      [
        ...[service("web", "10.96.0.2"), service("two", "10.96.0.3"), service("idle", "10.96.0.1")],
        ...[service("v6", "fd01::2"), service("v6-two", "fd01::3"), service("v6-idle", "fd01::1")],
      ],
      [
        ...[slice("web", ["10.1.0.2"]), slice("two", ["10.1.0.3", "10.1.0.4"])],
        ...[six("v6", ["fd00::2"]), six("v6-two", ["fd00::3", "fd00::4"])],
      ],
    ),
    NETWORKS,
  );
  expect(script).toContain("ip6 daddr fd01::2 tcp dport 80 dnat to [fd00::2]:8080");
  expect(script).toContain("ip6 daddr fd01::1 tcp dport 80 reject");
  expect(script).toContain("ip6 daddr fd01::/112 reject\n");
  expect(script).toContain("ip daddr 10.96.0.2 tcp dport 80 dnat to 10.1.0.2:8080");
  expect(script).toContain("ip daddr 10.96.0.1 tcp dport 80 reject");
  const checked = Bun.spawnSync(["nft", "--check", "-f", "-"], { stdin: Buffer.from(script) });
  expect(checked.stderr.toString()).toBe("");
  expect(checked.exitCode).toBe(0);
});
