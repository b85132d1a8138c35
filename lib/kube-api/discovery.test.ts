import { expect, test } from "bun:test";
import { discover } from "./discovery.ts";
import { BUILT_IN } from "./kinds.ts";

const at = (path: string, aggregated = false) =>
  discover(path, { kinds: BUILT_IN, aggregated, address: "a:1" });

test("discover() lists versions, groups and resources", () => {
  expect(at("/api")).toMatchObject({ kind: "APIVersions", versions: ["v1"] });
  expect(at("/apis/apps/")).toMatchObject({ name: "apps", preferredVersion: { version: "v1" } });
  const { resources } = at("/apis/apps/v1") as { resources: { name: string }[] };
  expect(resources.map(({ name }) => name)).toContain("deployments/scale");
  expect(at("/apis", true)).toMatchObject({ kind: "APIGroupDiscoveryList" });
  expect([at("/apis/none"), at("/apis/none/v1"), at("/x")]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});
