import { expect, test } from "bun:test";
import type { KubeClient } from "../../lib/k8s/client.ts";
import { KubeError } from "../../lib/k8s/kube-error.ts";
import type { KubeObject } from "../../lib/k8s/types/meta.ts";
import { fakeCluster, runCommand } from "../../test/fake/cli.ts";
import { deployment, pod } from "../../test/fake/mesh-objects.ts";

const group = "policy.linkerd.io";
const object = (kind: string, name: string, spec: unknown): KubeObject =>
  ({ kind, metadata: { name, namespace: "default" }, spec }) as KubeObject;
const CLUSTER = fakeCluster([
  deployment("web"),
  {
    ...pod("web-1", { app: "web" }),
    spec: { containers: [{ name: "app", ports: [{ name: "http", containerPort: 80 }] }] },
  } as KubeObject,
  object("Server", "web-http", { podSelector: { matchLabels: { app: "web" } }, port: "http" }),
  object("ServerAuthorization", "old", { server: { name: "web-http" } }),
  object("AuthorizationPolicy", "ours", {
    targetRef: { group, kind: "Server", name: "web-http" },
  }),
]);

test.each([["deploy/web"], ["po"], ["pod/web-1"]])("authz lists who may call %s", async (word) => {
  const { status, out, err } = await runCommand(["authz", word], { client: CLUSTER });
  expect([status, err]).toEqual([0, ""]);
  expect(out).toBe(
    `ROUTE   SERVER     AUTHORIZATION_POLICY   SERVER_AUTHORIZATION
*       web-http                          old
*       web-http   ours
`,
  );
});

test("authz tells of what policies are about and is not there, and of a workload that is not", async () => {
  const client = fakeCluster([
    ...[deployment("web"), pod("web-1", { app: "web" })],
    object("ServerAuthorization", "lost", { server: { name: "gone" } }),
  ]);
  const { out, err } = await runCommand(["authz", "deploy/web"], { client });
  expect(err).toBe("ServerAuthorization/lost targets Server/gone, which is not there\n");
  expect(out.trim().split("\n")).toHaveLength(1);
  const missing = await runCommand(["authz", "deploy/gone"], { client });
  expect([missing.status, missing.err]).toEqual([
    ...[1, "Cannot find deployment/gone in namespace default\n"],
  ]);
});

test("authz does without routes where the Gateway API is not installed", async () => {
  const absent = new KubeError("not-found", { status: 404, message: "not served" });
  const client: KubeClient = {
    ...CLUSTER,
    list: (resource, options) =>
      resource.group === "gateway.networking.k8s.io"
        ? Promise.reject(absent)
        : CLUSTER.list(resource, options),
  };
  const { status, out } = await runCommand(["authz", "deploy/web"], { client });
  expect([status, out.includes("web-http")]).toEqual([0, true]);
});
