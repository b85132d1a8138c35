import { afterAll, beforeAll, expect, test } from "bun:test";
import { CONFIG_MAPS } from "#lib/k8s/resource.ts";
import { FakeKubeApi } from "../../test/fake/kube-api.ts";

let fake: FakeKubeApi;
beforeAll(async () => {
  fake = await FakeKubeApi.start();
});
afterAll(() => fake.stop());

test("in pages, by selectors", async () => {
  for (const name of ["p1", "p2", "p3"])
    await fake.admin.create(CONFIG_MAPS, {
      metadata: { name, namespace: "mesh", labels: { page: name } },
    });
  const labelSelector = "page in (p1, p2,p3),page!=p3";
  const first = await fake.admin.list(CONFIG_MAPS, { namespace: "mesh", labelSelector, limit: 1 });
  const next = first.metadata?._continue ?? (first.metadata as { continue?: string }).continue;
  const rest = await fake.admin.list(CONFIG_MAPS, {
    namespace: "mesh",
    labelSelector,
    limit: 1,
    continue: next,
  });
  expect([...first.items, ...rest.items].map(({ metadata }) => metadata?.name)).toEqual([
    "p1",
    "p2",
  ]);
  const named = await fake.admin.list(CONFIG_MAPS, { fieldSelector: "metadata.name=p3" });
  expect(named.items).toHaveLength(1);
});
