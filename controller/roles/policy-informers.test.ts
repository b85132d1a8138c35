import { expect, test } from "bun:test";
import { SERVERS } from "#lib/k8s/resource.ts";
import { systemClock } from "#lib/sys/system-clock.ts";
import { renderCrds } from "../../deploy/crds/render.ts";
import { applyAll } from "../../dev/apply.ts";
import { FakeKubeApi, logger } from "../../test/fake/kube-api.ts";
import { until } from "../../test/fake/mesh.ts";
import { watchPolicy } from "./policy-informers.ts";

test("G17: watchPolicy() does without the Gateway API's kinds, and follows the mesh's own", async () => {
  const kube = await FakeKubeApi.start();
  await applyAll(kube.admin, renderCrds("linkerd"));
  const informers = watchPolicy({
    ...{ client: kube.admin, clock: systemClock, random: Math.random, log: logger },
    memoryShare: () => 0,
    onFault: (error) => {
      throw error;
    },
  });
  try {
    await Promise.all(Object.values(informers).map(({ synced }) => synced));
    const metadata = { name: "web", namespace: "mesh" };
    await kube.admin.create(SERVERS, { metadata, spec: { podSelector: {}, port: 80 } });
    await until(
      () => informers.servers.get(metadata) !== undefined,
      () => "the Server",
    );
    const { spec, ...rest } = informers.servers.get(metadata) ?? {};
    expect(spec).toMatchObject({ port: 80, accessPolicy: "deny" });
    expect(Object.keys(rest)).toEqual(["metadata"]);
    expect(rest.metadata?.creationTimestamp).toBeString();
  } finally {
    for (const informer of Object.values(informers)) informer.stop();
    kube.stop();
  }
});
