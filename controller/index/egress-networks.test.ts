import { expect, test } from "bun:test";
import { egressOf } from "../core/egress.ts";
import { toEgressNetwork } from "./egress-networks.ts";

function read(spec: unknown, annotations: Record<string, string> = {}) {
  const faults: string[] = [];
  const metadata = { name: "all", namespace: "shop", annotations };
  const network = toEgressNetwork(
    { metadata: { ...metadata, creationTimestamp: "1970-01-01T00:00:01Z" as never }, spec },
    { faults, clusterNetworks: ["10.0.0.0/8", "fd00::/8"], opaquePorts: "25" },
  );
  const about = ["1.1.1.1", "2.2.2.2", "2.2.3.3", "10.0.0.1", "2606::1", "fd00::1"];
  return {
    network,
    faults,
    about: about.filter((ip) => egressOf(ip, [network]) !== undefined).join(" "),
  };
}
const OUTSIDE = "1.1.1.1 2.2.2.2 2.2.3.3 2606::1";

test("OUT10: an EgressNetwork is about its networks, else about all outside of the cluster", () => {
  const { network, about, faults } = read({ trafficPolicy: "Allow" });
  expect([about, faults]).toEqual([OUTSIDE, []]);
  expect(network).toMatchObject({
    ...{ name: "all", namespace: "shop", createdMs: 1000, allows: true },
    opaque: [{ from: 25, to: 25 }],
  });
  const networks = [{ cidr: "2.0.0.0/8", except: ["2.2.3.0/24"] }, { cidr: "10.0.0.0/8" }];
  const own = read(
    { trafficPolicy: "Deny", networks },
    { "config.linkerd.io/opaque-ports": "443", "timeout.linkerd.io/request": "1s" },
  );
  expect([own.about, own.faults]).toEqual(["2.2.2.2 10.0.0.1", []]);
  expect(own.network).toMatchObject({
    ...{ allows: false, opaque: [{ from: 443, to: 443 }] },
    traffic: { timeouts: { requestMs: 1000 } },
  });
});

test("OUT7: failures weigh on nothing that routes of an EgressNetwork lead to", () => {
  const penalize = { "balancer.alpha.linkerd.io/penalize-failures": "true" };
  const { network, faults } = read({ trafficPolicy: "Allow" }, penalize);
  expect([network.traffic.load, faults]).toEqual([undefined, []]);
});

test.each([
  ["no policy", {}, "spec.trafficPolicy is missing"],
  ["an unknown policy", { trafficPolicy: "Ask" }, "spec.trafficPolicy is not known: Ask"],
  [
    "no network",
    { trafficPolicy: "Allow", networks: [{ cidr: "x" }] },
    "spec.networks[0].cidr is no network",
  ],
  [
    "no exception",
    { trafficPolicy: "Allow", networks: [{ cidr: "1.0.0.0/8", except: ["x"] }] },
    "spec.networks[0].except holds what is no network",
  ],
  ["an unknown field", { trafficPolicy: "Allow", ports: [1] }, "spec.ports is not known"],
  ["nothing", undefined, "spec is no object"],
])("OUT10: with %s it denies all that is outside", (_, spec, fault) => {
  const { network, about, faults } = read(spec);
  expect([network.allows, about, faults[0]]).toEqual([false, OUTSIDE, fault]);
});
