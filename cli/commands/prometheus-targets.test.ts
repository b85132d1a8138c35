import { expect, test } from "bun:test";
import { fakeCluster, runCommand } from "../../test/fake/cli.ts";
import { pod } from "../../test/fake/mesh-objects.ts";
import { serveTargets } from "./prometheus-targets.ts";

const labels = { "linkerd.io/control-plane-ns": "linkerd" };
const meshed = {
  ...pod("web-1", { namespace: "shop", labels }),
  spec: {
    nodeName: "node-1",
    containers: [{ name: "app", ports: [{ containerPort: 80 }] }],
    initContainers: [
      { name: "linkerd-proxy", ports: [{ name: "linkerd-admin", containerPort: 4191 }] },
    ],
  },
  status: { phase: "Running", podIP: "10.0.0.7" },
};
const client = fakeCluster([meshed, pod("other", { namespace: "shop", labels: {} })]);
const mesh = { linkerdNamespace: "linkerd", cniNamespace: "linkerd-cni" };

test("prometheus-targets prints the ports of what belongs to the mesh", async () => {
  const { status, out } = await runCommand(["dg", "prometheus-targets"], { client });
  expect(status).toBe(0);
  const targets = JSON.parse(out) as { targets: string[] }[];
  expect(targets.map((each) => each.targets)).toEqual([["10.0.0.7:80"], ["10.0.0.7:4191"]]);
});

test("serveTargets() answers with what is there, and says where it cannot be read", async () => {
  const server = serveTargets(client, { ip: "127.0.0.1", port: 0, mesh });
  const broken = serveTargets(
    { ...client, list: () => Promise.reject(new Error("gone")) },
    { ip: "127.0.0.1", port: 0, mesh },
  );
  try {
    const url = `http://127.0.0.1:${server.port}/`;
    const answer = await fetch(url);
    expect(answer.headers.get("content-type")).toContain("application/json");
    expect(await answer.json()).toHaveLength(2);
    expect((await fetch(url, { method: "POST" })).status).toBe(405);
    expect((await fetch(`http://127.0.0.1:${broken.port}/`)).status).toBe(503);
  } finally {
    server.stop();
    broken.stop();
  }
});

test.each(["9089", "here:9089", "127.0.0.1:99999"])("--listen %s is refused", async (address) => {
  const words = ["dg", "prometheus-targets", "--listen", address];
  expect((await runCommand(words, { client })).err).toContain(`Cannot use --listen ${address}`);
});
