import { expect, test } from "bun:test";
import { parseServicePath } from "./service-path.ts";

const read = (path: string, trailingDot = false) =>
  parseServicePath(path, { clusterDomain: "cluster.local", trailingDot });

test("DST1: parseServicePath() reads a Service, its port and an instance", () => {
  const web = { name: "web", namespace: "shop", instance: undefined };
  expect(read("web.shop.svc.cluster.local:8080")).toEqual({ ...web, port: 8080 });
  expect(read("web.shop.svc.cluster.local")).toEqual({ ...web, port: 80 });
  expect(read("db-0.web.shop.svc.cluster.local")).toEqual({ ...web, instance: "db-0", port: 80 });
  expect(read("web.shop.svc.cluster.local.:1", true)).toEqual({ ...web, port: 1 });
});

test.each([
  "10.0.0.1:80",
  "example.com",
  "web.shop.svc.cluster.local.",
  "web.shop.svc.cluster.local:0",
  "web.shop.svc.cluster.local:70000",
  "web.svc.cluster.local",
  "a.b.c.d.svc.cluster.local",
  "",
])("DST1: parseServicePath() refuses %p", (path) => {
  expect(read(path)).toBeUndefined();
});
