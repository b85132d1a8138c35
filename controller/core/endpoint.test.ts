import { expect, test } from "bun:test";
import { fakeWorkload } from "../../test/fake/workload.ts";
import { diffSets, type EndpointSet, endpointOf } from "./endpoint.ts";

const options = {
  controllerNamespace: "linkerd",
  trustDomain: "cluster.local",
  h2Upgrade: true,
  transportHeader: true,
};
const at = (port: number, over = {}) => ({
  ip: "10.1.0.1",
  port,
  zone: "a",
  clientZone: "a",
  workload: fakeWorkload(over),
});

test("DST3, DST4, DST6, DST7, DST8: a meshed pod has identity, hint, direct port and labels", () => {
  expect(endpointOf(at(8080), options)).toEqual({
    ip: "10.1.0.1",
    port: 8080,
    identity: "web.shop.serviceaccount.identity.linkerd.cluster.local",
    serverName: "web.shop.serviceaccount.identity.linkerd.cluster.local",
    hint: "h2",
    directPort: 4143,
    labels: {
      pod: "web-1",
      serviceaccount: "web",
      deployment: "web",
      control_plane_ns: "linkerd",
      pod_template_hash: "abc",
      zone: "a",
      zone_locality: "local",
    },
  });
});

test("LBL5: a pod of a Job has it as k8s_job", () => {
  const owner = { kind: "Job", name: "nightly" };
  const labels = endpointOf(at(8080, { owner }), options)?.labels;
  expect([labels?.["k8s_job"], labels?.["job"]]).toEqual(["nightly", undefined]);
});

test("DST4, DST5, DST7, DST8: skipped, opaque, meta and foreign ports, and a proxy that cannot be read", () => {
  expect(endpointOf(at(25), options)).toMatchObject({ hint: "none", directPort: undefined });
  expect(endpointOf(at(25), options)?.identity).toBeUndefined();
  expect(endpointOf(at(5432), { ...options, transportHeader: false })).toMatchObject({
    hint: "opaque",
    directPort: 4143,
  });
  expect(endpointOf(at(4191), options)?.directPort).toBeUndefined();
  const foreign = endpointOf(at(80, { controlPlaneNs: "other" }), options);
  expect(foreign).toMatchObject({ hint: "h2" });
  expect(foreign?.identity).toBeUndefined();
  expect(endpointOf(at(80, { proxy: undefined }), options)).toBeUndefined();
  const bare = endpointOf({ ...at(80), workload: undefined, clientZone: "" }, options);
  expect(bare?.labels).toEqual({ zone: "a", zone_locality: "unknown" });
});

test("DST3, DST7, DST8: a workload outside of the cluster has its own identity, and HTTP/2 always", () => {
  const identity = { name: "spiffe://root.example/vm", serverName: "vm.example" };
  const outside = {
    ...{ name: "vm-1", external: true, controlPlaneNs: undefined, templateHash: undefined },
    ...{ owner: undefined, identity, proxy: { inboundPort: 5143, metaPorts: [] } },
  };
  const how = { ...options, h2Upgrade: false };
  expect(endpointOf(at(8080, outside), how)).toMatchObject({
    ...{ identity: identity.name, serverName: "vm.example", hint: "h2", directPort: 5143 },
    labels: { external_workload: "vm-1", zone: "a", zone_locality: "local" },
  });
  expect(endpointOf(at(8080, outside), how)?.labels).not.toHaveProperty("pod");
  expect(endpointOf(at(5432, outside), how)?.hint).toBe("opaque");
  expect(endpointOf(at(25, outside), how)?.identity).toBeUndefined();
  expect(endpointOf(at(8080, { ...outside, proxy: undefined }), how)).toBeUndefined();
});

test("DST4: what is meshed is told how HTTP/2 is set up, whichever control plane it belongs to", () => {
  const http2 = { flowControl: undefined, keepAlive: undefined, internals: undefined };
  const of = (port: number, over = {}) => endpointOf(at(port, over), { ...options, http2 })?.http2;
  expect(of(8080)).toBe(http2);
  expect(of(8080, { controlPlaneNs: "other" })).toBe(http2);
  expect(of(8080, { controlPlaneNs: undefined })).toBeUndefined();
  expect(of(25)).toBeUndefined();
});

test("DST2: diffSets() gives what changed, removals too", () => {
  const set = (...ports: number[]): EndpointSet => ({
    exists: true,
    labels: {},
    endpoints: new Map(
      ports.flatMap((port) => {
        const endpoint = endpointOf(at(port), options);
        return endpoint === undefined ? [] : [[String(port), endpoint] as const];
      }),
    ),
  });
  const ports = (list: readonly { port: number }[]): number[] => list.map(({ port }) => port);
  const change = diffSets(set(1, 2), set(2, 3));
  expect([ports(change.add), ports(change.remove)]).toEqual([[3], [1]]);
  expect(ports(diffSets(undefined, set(1)).add)).toEqual([1]);
});
