import { expect, test } from "bun:test";
import { Registry } from "#lib/metrics/registry.ts";
import { outboundFamilies } from "./outbound-families.ts";

test("families of calls are those of requests, by another name", () => {
  const registry = new Registry();
  outboundFamilies(registry);
  const names = [...registry.families].map(({ name }) => name);
  const of = (kind: string): readonly string[] =>
    names.filter((name) => name.startsWith(`outbound_${kind}_route_`));
  expect(of("grpc")).toEqual(of("http").map((name) => name.replace("_http_", "_grpc_")));
  expect(of("http")).toHaveLength(11);
});
