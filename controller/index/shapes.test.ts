import { expect, test } from "bun:test";
import { fakePod } from "../../test/fake/web-cluster.ts";
import { hasMarks, isEndpointSlice, isPod, isService } from "./shapes.ts";

test("isPod() takes what a pod may leave out, and no wrong type of what is read", () => {
  expect(isPod(fakePod("web-1", "10.1.0.1"))).toBe(true);
  expect(isPod({ metadata: { name: "a" } })).toBe(true);
  for (const odd of [
    { metadata: { labels: [] } },
    { metadata: { annotations: { a: 1 } } },
    { metadata: { ownerReferences: {} } },
    { metadata: {}, spec: { containers: "c" } },
    { metadata: {}, spec: { containers: [{ name: "c", env: {} }] } },
    { metadata: {}, status: { podIPs: [{ ip: "10.1.0.x" }] } },
    { metadata: {}, status: { podIP: 7 } },
  ])
    expect([odd, isPod(odd)]).toEqual([odd, false]);
});

test("isService() takes headless ones, and no port that is no number", () => {
  expect(isService({ metadata: {}, spec: { clusterIP: "None", ports: [{ port: 80 }] } })).toBe(
    true,
  );
  expect(isService({ metadata: {}, spec: { ports: [{ port: "80" }] } })).toBe(false);
  expect(isService({ metadata: {}, spec: { clusterIPs: ["web"] } })).toBe(false);
});

test("isEndpointSlice() wants lists where lists are read", () => {
  expect(isEndpointSlice({ metadata: {}, addressType: "FQDN", endpoints: null })).toBe(true);
  const endpoints = [{ addresses: "10.1.0.1" }];
  expect(isEndpointSlice({ metadata: {}, addressType: "IPv4", endpoints })).toBe(false);
  expect(isEndpointSlice({ metadata: {} })).toBe(false);
  const named = [{ addresses: ["web.example"] }];
  expect(isEndpointSlice({ metadata: {}, addressType: "FQDN", endpoints: named })).toBe(true);
  expect(isEndpointSlice({ metadata: {}, addressType: "IPv4", endpoints: named })).toBe(false);
});

test("hasMarks() wants texts", () => {
  expect(hasMarks({ metadata: { labels: { a: "b" } } })).toBe(true);
  expect(hasMarks({ metadata: { annotations: { a: {} } } })).toBe(false);
});
