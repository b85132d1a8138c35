import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import type { Pod } from "#lib/k8s/types/core.ts";
import { LogFilter } from "#lib/log/log-filter.ts";
import { createLogger } from "#lib/log/logger.ts";
import { CAN_REDIRECT, ScratchNode, sh } from "../test/integration/redirect-node.ts";
import { Attachments } from "./attachments.ts";
import { namespacesIn, redirectLatecomers } from "./latecomers.ts";
import { type Plugin, RUNNING } from "./plugin.ts";
import { judgePod, type NodePods } from "./pods.ts";

const pod = (name: string, ip: string, container = "linkerd-proxy"): Pod => ({
  metadata: { namespace: "shop", name, uid: `uid-${name}` },
  spec: { containers: [{ name: container }] },
  status: { podIPs: [{ ip }] },
});

/** The pods of a node, of which those in `refused` cannot be redirected. */
function bed(pods: readonly Pod[], refused: readonly string[] = []) {
  const folder = mkdtempSync(`${tmpdir()}/latecomers-`);
  const attachments = Attachments.load(folder, () => undefined);
  const redirected: object[] = [];
  const logs: string[] = [];
  let entered = 0;
  const plugin = {
    redirectRunning: (target: { readonly pod: string }) => {
      if (refused.includes(target.pod)) throw new Error("the kernel says no");
      redirected.push(target);
    },
  } as unknown as Plugin;
  const write = (line: string): void => void logs.push(line);
  const look = (): number =>
    redirectLatecomers({
      pods: {
        running: () => pods,
        judgeKnown: (each: Pod) => judgePod(each, undefined),
      } as unknown as NodePods,
      attachments,
      plugin,
      logger: createLogger({ filter: new LogFilter(), format: "plain", wall: () => 0, write }),
      namespaces: () => {
        entered++;
        return [
          { path: "/run/netns/a", interfaces: [{ name: "net1", address: "10.0.0.1" }] },
          { path: "/run/netns/b", interfaces: [{ name: "eth0", address: "10.0.0.2" }] },
        ];
      },
    });
  return {
    look,
    entered: () => entered,
    redirected,
    logs,
    end: () => rmSync(folder, { recursive: true }),
  };
}

test("H12: a meshed pod that no call was about is redirected in the namespace with its address", () => {
  const { look, redirected, end } = bed([
    pod("web", "10.0.0.1"),
    pod("bare", "10.0.0.2", "app"),
    pod("elsewhere", "10.0.0.3"),
  ]);
  expect(look()).toBe(1);
  expect(redirected).toEqual([
    {
      containerId: `${RUNNING}uid-web`,
      ifname: "net1",
      netns: "/run/netns/a",
      pod: "shop/web",
      ips: ["10.0.0.1"],
    },
  ]);
  end();
});

test("one that cannot be redirected does not keep the others", () => {
  const { look, logs, end } = bed([pod("a", "10.0.0.1"), pod("b", "10.0.0.2")], ["shop/a"]);
  expect(look()).toBe(1);
  expect(logs.join("")).toContain("the kernel says no");
  end();
});

test("one whose annotations cannot be used does not keep the others", () => {
  const odd = pod("odd", "10.0.0.1");
  const annotations = { "config.linkerd.io/skip-inbound-ports": "none of them" };
  const { look, logs, end } = bed([
    { ...odd, metadata: { ...odd.metadata, annotations } },
    pod("b", "10.0.0.2"),
  ]);
  expect(look()).toBe(1);
  expect(logs.join("")).toContain("none of them");
  end();
});

test("no namespace is entered for pods that are not meshed", () => {
  const { look, entered, end } = bed([pod("bare", "10.0.0.2", "app")]);
  expect([look(), entered()]).toEqual([0, 0]);
  end();
});

test.skipIf(!CAN_REDIRECT)("namespacesIn() sees their addresses (needs root)", () => {
  const node = new ScratchNode();
  const path = node.namespace("a");
  const inside = ["ip", "-n", path.slice(path.lastIndexOf("/") + 1)];
  sh(...inside, "link", "add", "eth0", "type", "veth", "peer", "name", "eth1");
  sh(...inside, "addr", "add", "10.3.4.5/24", "dev", "eth0");
  for (const name of ["eth0", "eth1"]) sh(...inside, "link", "set", name, "up");
  const folder = path.slice(0, path.lastIndexOf("/"));
  const found = namespacesIn(folder).find((each) => each.path === path);
  expect(found?.interfaces).toContainEqual({ name: "eth0", address: "10.3.4.5" });
  node.stop();
});

test("namespacesIn() passes over what is no namespace, and a folder that is not there", () => {
  const folder = mkdtempSync(`${tmpdir()}/netns-`);
  writeFileSync(`${folder}/none`, "");
  expect(namespacesIn(folder)).toEqual([]);
  rmSync(folder, { recursive: true });
  expect(namespacesIn(folder)).toEqual([]);
});
