import { expect, test } from "bun:test";
import type { CustomObject } from "#lib/k8s/types/custom.ts";
import { FakeInformer } from "../../test/fake/informer.ts";
import { EgressStore } from "./egress-store.ts";

function setUp() {
  const informer = new FakeInformer<CustomObject>();
  const turned: string[] = [];
  const store = new EgressStore(informer, {
    ...{ clusterNetworks: ["10.0.0.0/8"], opaquePorts: "25", globalEgressNamespace: "global" },
    onFault: () => undefined,
    onTurn: ({ namespace, name }) => turned.push(`${namespace}/${name}`),
  });
  const put = (namespace: string, name: string, cidr: string) =>
    informer.put({
      metadata: { name, namespace },
      spec: { trafficPolicy: "Deny", networks: [{ cidr }] },
    });
  const around = (client: string) => {
    const found = store.around("1.1.1.1", client);
    return found && `${found.network.namespace}/${found.network.name} ${found.accepted}`;
  };
  return { store, put, around, turned };
}

test("OUT10, INB12: the network around an address is that of the client's namespace, else the global one, accepted or not", () => {
  const { store, put, around, turned } = setUp();
  expect(around("a")).toBeUndefined();
  put("global", "all", "0.0.0.0/0");
  put("a", "some", "1.0.0.0/8");
  expect([around("a"), around("b")]).toEqual(["a/some true", "global/all false"]);
  put("a", "some", "2.0.0.0/8");
  expect(around("a")).toBeUndefined();
  put("a", "other", "1.1.1.1/32");
  expect(around("a")).toBe("a/other true");
  expect(turned).toEqual(["global/all", "a/some", "a/some", "a/other"]);
  expect(["some", "none"].map((name) => store.has({ namespace: "a", name }))).toEqual([
    ...[true, false],
  ]);
  store.stop();
  put("a", "late", "9.0.0.0/8");
  expect(turned).toHaveLength(4);
});
