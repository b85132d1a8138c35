import { expect, test } from "bun:test";
import { changed, findings, without } from "../../test/fake/installed.ts";
import { CNI_PLUGIN } from "./cni-plugin.ts";

test("the node agent is there, on every node", async () => {
  expect(await findings(CNI_PLUGIN)).toEqual({});
  const late = changed("DaemonSet/linkerd-cni", (set: { status: { numberReady: number } }) => {
    set.status.numberReady = 0;
  });
  expect(Object.values(await findings(CNI_PLUGIN, { objects: late }))).toEqual([
    "number ready: 0, number scheduled: 1",
  ]);
});

test.each([
  ["ClusterRole/linkerd-cni", "missing ClusterRole: linkerd-cni"],
  ["ClusterRoleBinding/linkerd-cni", "missing ClusterRoleBinding: linkerd-cni"],
  ["ServiceAccount/linkerd-cni", "missing ServiceAccount: linkerd-cni"],
  ["DaemonSet/linkerd-cni", "missing DaemonSet: linkerd-cni"],
])("without %s: %s", async (which, message) => {
  expect(Object.values(await findings(CNI_PLUGIN, { objects: without(which) }))).toEqual([message]);
});
