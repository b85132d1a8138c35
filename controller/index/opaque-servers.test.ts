import { expect, test } from "bun:test";
import type { CustomObject } from "#lib/k8s/types/custom.ts";
import { FakeInformer } from "../../test/fake/informer.ts";
import { fakeWorkload } from "../../test/fake/workload.ts";
import { OpaqueServers } from "./opaque-servers.ts";

function setUp() {
  const informer = new FakeInformer<CustomObject>();
  const turns: string[] = [];
  const web = fakeWorkload({ opaque: [] });
  const servers = new OpaqueServers(informer, ({ namespace, concerns }) =>
    turns.push(`${namespace} ${concerns(web)}`),
  );
  const put = (over: object, name = "web", namespace = "shop") =>
    informer.put({
      metadata: { name, namespace },
      spec: {
        ...{ podSelector: { matchLabels: { app: "web" } }, port: 8080, proxyProtocol: "opaque" },
        ...over,
      },
    });
  return {
    informer,
    servers,
    turns,
    put,
    marked: (over = {}) => servers.mark({ ...web, ...over }).opaque,
  };
}

test("DST9: a Server of protocol opaque marks its port of the pods that it selects", () => {
  const { put, marked, turns, informer } = setUp();
  expect(marked()).toEqual([]);
  put({});
  expect(marked()).toEqual([{ from: 8080, to: 8080 }]);
  expect(marked({ labels: { app: "db" } })).toEqual([]);
  expect(marked({ namespace: "other" })).toEqual([]);
  expect(marked({ opaque: [{ from: 1, to: 1 }] })).toHaveLength(2);
  put({ port: "http" });
  expect(marked()).toEqual([{ from: 8080, to: 8080 }]);
  put({ port: "none" });
  expect(marked()).toEqual([]);
  put({ port: null });
  expect(marked()).toEqual([{ from: 1, to: 0xffff }]);
  expect(marked({ labels: {} })).toEqual([]);
  put({ proxyProtocol: "HTTP/1" });
  put({ proxyProtocol: "HTTP/2" });
  expect(marked()).toEqual([]);
  put({ port: 1, podSelector: { matchLabels: { app: "db" } } });
  informer.drop({ name: "web", namespace: "shop" });
  expect(turns).toEqual([
    ...["shop true", "shop true", "shop true", "shop true", "shop true"],
    ...["shop false", "shop false"],
  ]);
});

test("nobody is told who does not listen any more", () => {
  const { servers, turns, put } = setUp();
  servers.stop();
  put({});
  expect(turns).toEqual([]);
});
