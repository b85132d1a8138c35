import { expect, test } from "bun:test";
import { fakeWorkload } from "../../test/fake/workload.ts";
import { oldest, type Server, serverOf } from "./server.ts";

const server = (over: Partial<Server>): Server => ({
  ...{ name: "web", namespace: "shop", createdMs: 1, labels: {} },
  podSelector: [{ key: "app", operator: "in", values: ["web"] }],
  externalWorkloadSelector: undefined,
  port: "http",
  protocol: "detect",
  accessPolicy: "deny",
  fault: undefined,
  ...over,
});
const named = fakeWorkload({ namedPorts: new Map([["http", [8080, 8081]]]) });

test("INB2: serverOf() selects by labels, and by the number or the name of a port", () => {
  const byName = server({});
  expect([8080, 8081, 8082].map((port) => serverOf(named, port, [byName])?.name)).toEqual([
    "web",
    "web",
    undefined,
  ]);
  expect(serverOf(named, 8082, [server({ port: 8082 })])?.name).toBe("web");
  expect(serverOf({ ...named, labels: {} }, 8080, [byName])).toBeUndefined();
  expect(serverOf(named, 8080, [server({ podSelector: undefined })])).toBeUndefined();
});

test("INB2: serverOf() takes the oldest of several, then the first by name", () => {
  const servers = [
    server({ name: "b", createdMs: 2 }),
    server({ name: "c", createdMs: 1 }),
    server({ name: "a", createdMs: 2 }),
  ];
  expect(serverOf(named, 8080, servers)?.name).toBe("c");
  expect(serverOf(named, 8080, servers.slice(0, 1).concat(servers.slice(2)))?.name).toBe("a");
});

test("INB2: serverOf() knows external workloads by a selector of their own", () => {
  const external = { ...named, external: true };
  expect(serverOf(external, 8080, [server({})])).toBeUndefined();
  const both = server({ externalWorkloadSelector: [] });
  expect(serverOf(external, 8080, [both])?.name).toBe("web");
});

test("serverOf() takes every port where a Server's port cannot be read", () => {
  expect(serverOf(named, 1, [server({ port: undefined, fault: "x" })])?.name).toBe("web");
});

test("oldest() of none is none", () => {
  expect(oldest([])).toBeUndefined();
});
