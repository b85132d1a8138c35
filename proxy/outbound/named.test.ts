import { expect, test } from "bun:test";
import { nameOf } from "./named.ts";

test.each([
  ["Web.ns.svc.cluster.local:8080", { host: "web.ns.svc.cluster.local", port: 8080 }],
  ["web", { host: "web", port: 80 }],
  ["web_a.test.", { host: "web_a.test", port: 80 }],
  [`${"a.".repeat(126)}a`, { host: `${"a.".repeat(126)}a`, port: 80 }],
  [`${"a.".repeat(126)}ab`, undefined],
  [`${"x".repeat(64)}.svc.cluster.local`, undefined],
  ["a..~b.svc.cluster.local", undefined],
  ["-a.svc.cluster.local", undefined],
  ["10.0.0.1:80", undefined],
  ["[::1]:80", undefined],
  ["a b", undefined],
  [".", undefined],
  ["", undefined],
])("nameOf() takes names of hosts and nothing else: %.40s", (text, name) => {
  expect(nameOf(text)).toEqual(name);
});
