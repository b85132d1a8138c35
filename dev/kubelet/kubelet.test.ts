import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { NODES } from "#lib/k8s/resource.ts";
import { DevCluster } from "../../test/fake/dev-cluster.ts";

let dev: DevCluster;
beforeAll(async () => {
  dev = await DevCluster.start();
});
afterAll(async () => {
  await dev.stop();
});

test("the kubelet registers its node as ready", async () => {
  const [node] = (await dev.client.list(NODES)).items;
  expect(node?.metadata?.labels?.["kubernetes.io/os"]).toBe("linux");
  expect(node?.status?.conditions).toMatchObject([{ type: "Ready", status: "True" }]);
  expect(node?.status?.addresses).toContainEqual({ type: "InternalIP", address: "10.244.0.1" });
});

test("stop() ends every pod, each within its time", async () => {
  await dev.run("one", "trap 'exit 0' TERM; echo up; sleep 1000 & wait");
  await dev.run("two", "trap '' TERM; echo up; while :; do sleep 1000; done");
  await Promise.all([dev.says("one", "up"), dev.says("two", "up")]);
  const { root } = dev.instance;
  expect(readdirSync(`${root}/pods`)).toHaveLength(2);
  await dev.cluster.stop(100);
  expect(existsSync(`${root}/pods`) ? readdirSync(`${root}/pods`) : []).toEqual([]);
  expect(readdirSync(`${root}/host/run/netns`)).toEqual(["node"]);
});
