import { expect, test } from "bun:test";
import type { KubeClient } from "#lib/k8s/client.ts";
import { fakeCluster } from "../../test/fake/cli.ts";
import { INSTALLED_MS, installed } from "../../test/fake/installed.ts";
import { type Result, runChecks } from "./check.ts";
import { PRE } from "./pre.ts";

const empty = [
  {
    kind: "ConfigMap",
    metadata: { name: "extension-apiserver-authentication", namespace: "kube-system" },
  },
  ...installed().filter(({ kind }) => kind === "Node"),
];

async function wrong(client: KubeClient, wall = INSTALLED_MS + 86_400_000): Promise<string[]> {
  const results: Result[] = [];
  await runChecks([PRE], {
    target: {
      client,
      linkerdNamespace: "linkerd",
      cniNamespace: "c",
      namespace: undefined,
      version: "1",
      wall: () => wall,
    },
    patience: { waitMs: 0, now: () => 0, sleep: () => Promise.resolve() },
    onResult: (result) => void results.push(result),
  });
  return results.map(({ error }) => error).filter((error) => error !== "");
}

/** A cluster where this user may do everything but what is forbidden. */
function allowing(
  objects: Parameters<typeof fakeCluster>[0],
  forbidden: readonly string[] = [],
): KubeClient {
  return {
    ...fakeCluster(objects),
    create: (_, object) => {
      const { spec } = object as { spec?: { resourceAttributes: { resource: string } } };
      const allowed = !forbidden.includes(spec?.resourceAttributes.resource ?? "");
      return Promise.resolve({ ...object, status: { allowed } });
    },
  };
}

test("an empty cluster and a user who may install are well", async () => {
  expect(await wrong(allowing(empty))).toEqual([]);
});

test("what is there already, forbidden, missing or skewed is told", async () => {
  const client = allowing(
    [{ kind: "Namespace", metadata: { name: "linkerd" } }, ...empty.slice(1)],
    ["secrets", "clusterroles"],
  );
  expect(await wrong(client, INSTALLED_MS)).toEqual([
    'The "linkerd" namespace already exists',
    "missing permissions to create clusterroles",
    "missing permissions to create secrets",
    "missing permissions to get secrets",
    'configmaps "extension-apiserver-authentication" not found',
    "clock skew detected for node(s):\n\t* node-1",
  ]);
});
