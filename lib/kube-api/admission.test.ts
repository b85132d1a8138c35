import { afterAll, beforeAll, expect, test } from "bun:test";
import { DEPLOYMENTS, PODS, SERVICES } from "#lib/k8s/resource.ts";
import { FakeKubeApi } from "../../test/fake/kube-api.ts";

let fake: FakeKubeApi;
beforeAll(async () => {
  fake = await FakeKubeApi.start();
});
afterAll(() => fake.stop());

const pod = (name: string) =>
  ({
    metadata: { name, namespace: "mesh" },
    spec: { containers: [{ name: "c", image: "i" }] },
  }) as never;

test("get their defaults", async () => {
  const service = await fake.admin.create(SERVICES, {
    metadata: { name: "s", namespace: "mesh" },
    spec: { ports: [{ port: 80 }] },
  });
  expect(service.spec?.clusterIP).toStartWith("10.96.0.");
  expect(service.spec?.ports).toEqual([{ port: 80, protocol: "TCP", targetPort: 80 }] as never);
  const made = await fake.admin.create(PODS, pod("defaults"));
  expect(made.spec?.volumes?.[0]?.name).toStartWith("kube-api-access-");
  expect(made.spec?.containers[0]?.volumeMounts?.[0]?.mountPath).toBe(
    "/var/run/secrets/kubernetes.io/serviceaccount",
  );
  const deployment = await fake.admin.create(DEPLOYMENTS, {
    metadata: { name: "d", namespace: "mesh" },
    spec: {
      selector: { matchLabels: { a: "b" } },
      template: { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c" }] } },
    },
  } as never);
  expect(deployment.spec).toMatchObject({
    replicas: 1,
    revisionHistoryLimit: 10,
    strategy: { type: "RollingUpdate" },
  });
  expect(
    await (await fake.ask("/apis/apps/v1/namespaces/mesh/deployments/d/scale")).json(),
  ).toMatchObject({ kind: "Scale", spec: { replicas: 1 } });
  const scaled = await fake.ask("/apis/apps/v1/namespaces/mesh/deployments/d/scale", {
    method: "PATCH",
    headers: { "content-type": "application/merge-patch+json" },
    body: '{"spec":{"replicas":3}}',
  });
  expect(await scaled.json()).toMatchObject({ spec: { replicas: 3 } });
});
