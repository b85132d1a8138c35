import { expect, test } from "bun:test";
import { FakePair } from "../test/fake/byte-stream.ts";
import { fakeCluster } from "../test/fake/cli.ts";
import { installed } from "../test/fake/installed.ts";
import type { Cluster, Context } from "./context.ts";
import { askDestination, POLICY_PORT } from "./destination-pod.ts";

const context = { terminal: { progress: () => undefined }, now: () => 0 } as unknown as Context;
const flags = { linkerdNamespace: "linkerd", cniNamespace: "linkerd-cni" };

function cluster(objects = installed()): { readonly cluster: Cluster; readonly to: unknown[] } {
  const to: unknown[] = [];
  return {
    to,
    cluster: {
      client: fakeCluster(objects),
      namespace: "default",
      forward: (target) => {
        to.push(target);
        return Promise.resolve(new FakePair().a);
      },
    },
  };
}

test("a running pod is asked, or the one that is named", async () => {
  const { cluster: there, to } = cluster();
  const how = { context, flags, port: POLICY_PORT };
  expect(await askDestination(there, how, () => Promise.resolve(7))).toBe(7);
  const named = { ...how, flags: { ...flags, destinationPod: "d-2" } };
  await askDestination(there, named, () => Promise.resolve(0));
  expect(to).toEqual([
    { namespace: "linkerd", pod: "linkerd-destination-1", port: 8090 },
    { namespace: "linkerd", pod: "d-2", port: 8090 },
  ]);
});

test("where no pod runs that is said, and nobody is connected to", async () => {
  const { cluster: there, to } = cluster([]);
  const how = { context, flags, port: POLICY_PORT };
  const asked = askDestination(there, how, () => Promise.resolve(0));
  expect(await asked.catch(String)).toContain("Cannot find a running pod of linkerd-destination");
  expect(to).toEqual([]);
});
