import { expect, test } from "bun:test";
import { fakeCluster } from "../test/fake/cli.ts";
import { installed } from "../test/fake/installed.ts";
import { CLUSTER_KINDS, findMarked, NAMESPACED_KINDS } from "./leftovers.ts";

test("findMarked() finds what belongs to one control plane, by kind and name alone", async () => {
  const client = fakeCluster(installed());
  const inside = await findMarked(client, { kinds: NAMESPACED_KINDS, namespace: "linkerd" });
  expect(inside).toContainEqual({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "linkerd-identity", namespace: "linkerd" },
  });
  expect(await findMarked(client, { kinds: CLUSTER_KINDS, namespace: "other" })).toEqual([]);
});
