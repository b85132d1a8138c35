import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { addToNetwork, CniFailure, type CniNode, removeFromNetwork } from "./cni.ts";

let root: string;
let node: CniNode;
beforeEach(() => {
  root = mkdtempSync("/tmp/cni-");
  for (const folder of ["run", "conf", "bin"]) mkdirSync(`${root}/${folder}`);
  node = {
    netns: "/proc/thread-self/ns/net",
    ...{ run: `${root}/run`, configFolder: `${root}/conf`, pluginFolders: [`${root}/bin`] },
  };
});
afterEach(() => rmSync(root, { recursive: true }));

const sandbox = {
  containerId: "c1",
  netns: "/run/netns/c1",
  namespace: "a",
  name: "web",
  uid: "u",
};

function configure(...types: string[]): void {
  const plugins = types.map((type) => ({ type, own: `of ${type}` }));
  const list = { cniVersion: "1.0.0", name: "net", plugins };
  writeFileSync(`${root}/conf/10-net.conflist`, JSON.stringify(list));
  writeFileSync(`${root}/conf/20-other.conflist`, "never read");
}

/** A plugin that notes how it was called in the folder that it sees as /run, then runs the rest of its script. */
function plugin(type: string, rest: string): void {
  const note = `(cat; echo; echo "$CNI_COMMAND $CNI_CONTAINERID $CNI_NETNS $CNI_ARGS") > /run/${type}.$CNI_COMMAND`;
  writeFileSync(`${root}/bin/${type}`, `#!/bin/sh\n${note}\n${rest}\n`);
  chmodSync(`${root}/bin/${type}`, 0o755);
}
const noted = (name: string): string => readFileSync(`${root}/run/${name}`, "utf8");
const RESULT =
  '{"cniVersion":"1.0.0","ips":[{"address":"10.244.0.9/32"},{"address":"fd00::9/64"}]}';

test("plugins are called in order, each with the result of the one before", async () => {
  configure("one", "two");
  plugin("one", `echo '${RESULT}'`);
  plugin("two", `echo '${RESULT}'`);
  expect(await addToNetwork(node, sandbox)).toEqual(["10.244.0.9", "fd00::9"]);
  const [config, call] = noted("two.ADD").split("\n");
  expect(JSON.parse(config ?? "")).toEqual({
    ...{ type: "two", own: "of two", cniVersion: "1.0.0", name: "net" },
    prevResult: JSON.parse(RESULT),
  });
  expect(call).toStartWith("ADD c1 /run/netns/c1 IgnoreUnknown=1;K8S_POD_NAMESPACE=a;");
  expect(noted("one.ADD")).not.toContain("prevResult");
});

test("removal passes over plugins that fail and tells of them", async () => {
  configure("one", "two");
  plugin("one", "exit 0");
  plugin("two", `echo '{"code":7,"msg":"stuck"}'; exit 1`);
  const faults = await removeFromNetwork(node, sandbox);
  expect(faults.map(({ message }) => message)).toEqual(["Cannot DEL by two: stuck"]);
  expect(noted("one.DEL")).toContain("DEL c1");
});

test("removal tells where there is no network any more", async () => {
  const [fault] = await removeFromNetwork(node, sandbox);
  expect(fault?.message).toContain("Cannot find a network in");
});

const refusal = (): Promise<unknown> =>
  addToNetwork(node, sandbox).then(
    () => undefined,
    (error: unknown) => error,
  );

test.each([
  [`echo '{"code":11,"msg":"later","details":"soon"}'; exit 1`, 11, "later soon"],
  ["echo broken >&2; exit 1", 0, "Cannot ADD by one: broken"],
  ["exit 1", 0, "it ended without an answer"],
  ["echo '{}'", 0, "Cannot add pod to network: no address"],
  ["exit 0", 0, "Cannot add pod to network: no address"],
])("a plugin that answers %j fails with %d and %j", async (script, code, message) => {
  configure("one");
  plugin("one", script);
  const failure = (await refusal()) as CniFailure;
  expect(failure).toBeInstanceOf(CniFailure);
  expect([failure.code, failure.message]).toEqual([code, expect.stringContaining(message)]);
});

test("a plugin that is not there is named", async () => {
  configure("none");
  expect(String(await refusal())).toContain(`Cannot find plugin none in ${root}/bin`);
});
