import { expect, test } from "bun:test";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import { fakeCluster, runCommand } from "../../test/fake/cli.ts";

const pod = (name: string, port: number): KubeObject => ({
  apiVersion: "v1",
  kind: "Pod",
  ...({
    metadata: { name, namespace: "linkerd" },
    spec: {
      containers: [
        { name: "identity", ports: [{ name: "admin-http", containerPort: port }] },
        { name: "linkerd-proxy", ports: [{ name: "linkerd-admin", containerPort: 4191 }] },
      ],
    },
    status: { phase: "Running" },
  } as object),
});
const client = fakeCluster([pod("linkerd-identity-1", 9990), pod("linkerd-identity-2", 9990)], {
  "/api/v1/namespaces/linkerd/pods/linkerd-identity-1:9990/proxy/metrics": "a 1\n",
});

test("controller-metrics prints what each controller says, or why it says nothing", async () => {
  const { status, out } = await runCommand(["dg", "cp-metrics"], { client });
  expect(status).toBe(0);
  expect(out).toStartWith(
    "#\n# POD linkerd-identity-1 (1 of 2)\n# CONTAINER identity\n#\na 1\n#\n# POD linkerd-identity-2 (2 of 2)\n# CONTAINER identity\n#\n# ERROR ",
  );
});

test.each([
  [["dg", "controller-metrics"], "Cannot find controllers in namespace linkerd"],
  [["dg", "controller-metrics", "--wait", "soon"], "Cannot use --wait soon"],
])("%j is refused", async (words, message) => {
  const { status, err } = await runCommand(words, { client: fakeCluster([]) });
  expect([status, err]).toEqual([1, expect.stringContaining(message)]);
});
