import { expect, test } from "bun:test";
import { fakeCluster, runCommand } from "../../test/fake/cli.ts";
import { pod } from "../../test/fake/mesh-objects.ts";

const config = {
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "linkerd-config", namespace: "linkerd" },
  data: { values: '{"linkerdVersion":"1.2.2"}' },
};

test("version tells of client, server and proxies", async () => {
  const client = fakeCluster([
    config,
    pod("a"),
    pod("b"),
    pod("c", { version: "1.2.2" }),
    pod("d", { meshed: false }),
  ]);
  expect((await runCommand(["version", "--proxy"], { client })).out).toBe(
    "Client version: 1.2.3\nServer version: 1.2.2\nProxy versions:\n\t1.2.2 (1 pod)\n\t1.2.3 (2 pods)\n",
  );
  expect((await runCommand(["version", "--short"], { client })).out).toBe("1.2.3\n1.2.2\n");
});

test("version works without a cluster or a mesh", async () => {
  expect((await runCommand(["version", "--client", "--short"])).out).toBe("1.2.3\n");
  expect((await runCommand(["version", "--proxy"], { client: fakeCluster([]) })).out).toBe(
    "Client version: 1.2.3\nServer version: unavailable\nProxy versions: unavailable\n",
  );
});
