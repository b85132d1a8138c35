import { expect, test } from "bun:test";
import type { Pod, Service } from "#lib/k8s/types/core.ts";
import { fakeValues } from "../../test/fake/values.ts";
import { marksOf, opaqueWarnings, withOpaquePorts } from "./marks.ts";
import { settingsOf } from "./settings.ts";

const values = fakeValues();
const options = { values, namespaceAnnotations: undefined };

test("an owner's label names a ReplicaSet's Deployment, and is left out where it cannot be one", () => {
  const owned = (kind: string, name: string): Pod => ({
    metadata: {
      labels: { "pod-template-hash": "abc" },
      ownerReferences: [{ apiVersion: "apps/v1", kind, name, uid: "1" }],
    },
  });
  const labels = (pod: Pod): string[] =>
    Object.keys(
      marksOf(pod, {
        options: { ...options, namespace: "shop", anchors: "config-map", createdBy: "test" },
        settings: settingsOf(values, { pod: undefined, namespace: undefined }),
      }).labels,
    ).filter((key) => key.startsWith("linkerd.io/proxy-"));
  expect(labels(owned("ReplicaSet", "web-abc"))).toEqual(["linkerd.io/proxy-deployment"]);
  expect(labels(owned("Deployment", "x".repeat(64)))).toEqual([]);
  expect(labels(owned("Rollout", "web"))).toEqual([]);
});

test("opaqueWarnings() names what is no port of the pod", () => {
  const pod: Pod = {
    spec: { containers: [{ name: "a", ports: [{ name: "db", containerPort: 1 }] }] },
  };
  const of = (text: string): readonly string[] =>
    opaqueWarnings(
      pod,
      settingsOf(values, { pod: { "config.linkerd.io/opaque-ports": text }, namespace: undefined }),
    );
  expect([of("db,1-9"), of("db,web")]).toEqual([
    [],
    ['annotation config.linkerd.io/opaque-ports cannot have "web": that entry does not count'],
  ]);
});

test("INJ4: Services and pods outside the mesh note their opaque ports", () => {
  const service: Service = {
    metadata: {},
    spec: {
      ports: [{ port: 80, targetPort: 5432 }, { port: 3306 }, { port: 25, targetPort: "x" }],
    },
  };
  expect(withOpaquePorts(service, options).metadata?.annotations).toEqual({
    "config.linkerd.io/opaque-ports": "5432,3306",
  });
  const marked = withOpaquePorts<Pod>(
    { spec: { containers: [] } },
    { ...options, namespaceAnnotations: { "config.linkerd.io/opaque-ports": "1-9" } },
  );
  expect(marked.metadata?.annotations).toEqual({ "config.linkerd.io/opaque-ports": "1-9" });
});
