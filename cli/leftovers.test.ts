import { expect, test } from "bun:test";
import { KubeError } from "#lib/k8s/kube-error.ts";
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
  expect(inside).toContainEqual({
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: "linkerd-identity", namespace: "linkerd" },
  });
  expect(await findMarked(client, { kinds: CLUSTER_KINDS, namespace: "other" })).toEqual([]);
});

test("findMarked() takes a kind that the cluster does not know for one of which there is none", async () => {
  const refusing = (code: "not-found" | "forbidden") => ({
    ...fakeCluster([]),
    list: () => Promise.reject(new KubeError(code, { message: "x" })),
  });
  const how = { kinds: NAMESPACED_KINDS, namespace: "linkerd" };
  expect(await findMarked(refusing("not-found"), how)).toEqual([]);
  expect(await findMarked(refusing("forbidden"), how).catch(() => "refused")).toBe("refused");
});
