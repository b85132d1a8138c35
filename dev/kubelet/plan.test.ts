import { expect, test } from "bun:test";
import type { Container, Pod } from "#lib/k8s/types/core.ts";
import type { KubeletNode } from "./node.ts";
import { type PlanContext, planContainer } from "./plan.ts";

const node = {
  name: "node",
  ip: "10.0.0.1",
  images: new Map([["app", "/usr/bin/env"]]),
  api: { host: "10.96.0.1", port: 443 },
  configMap: () => ({ data: { MODE: "fast" } }),
  secret: () => undefined,
} as unknown as KubeletNode;
const sandbox: PlanContext["sandbox"] = {
  ips: ["10.0.0.2"],
  netns: "/ns",
  folder: "/pod",
  cgroup: "/cg",
  remove: async () => [],
};
const plan = (container: Partial<Container>, spec: Partial<NonNullable<Pod["spec"]>> = {}) => {
  const full: Container = { name: "c", image: "app:1", ...container };
  const pod: Pod = {
    metadata: { name: "web-1", namespace: "a", uid: "u" },
    spec: { containers: [full], ...spec },
  };
  const context: PlanContext = {
    ...{ node, pod, sandbox, attempt: 2 },
    volumes: new Map([["data", "/volumes/data"]]),
  };
  return planContainer(full, context);
};

test("planContainer() gives a container its own places, and what runtimes give by default", () => {
  const { plan: made, environment } = plan({
    args: ["-x", "$(MODE)"],
    envFrom: [{ configMapRef: { name: "m" } }],
  });
  expect(made).toMatchObject({
    cgroup: "/cg/c-2",
    layer: "/pod/layers/c-2",
    hostname: "web-1",
    uid: 0,
    gid: 0,
    readOnlyRoot: false,
    noNewPrivileges: false,
    workingDir: "/",
    command: ["/usr/bin/env", "-x", "fast"],
  });
  expect(made.capabilities).toContain("NET_BIND_SERVICE");
  expect(made.mounts.map(({ target }) => target)).toContain("/etc/resolv.conf");
  expect(environment).toMatchObject({
    HOSTNAME: "web-1",
    KUBERNETES_SERVICE_HOST: "10.96.0.1",
    KUBERNETES_SERVICE_PORT: "443",
    MODE: "fast",
  });
});

test("planContainer() follows the security contexts, the container's before the pod's", () => {
  const securityContext = {
    runAsUser: 2102,
    readOnlyRootFilesystem: true,
    allowPrivilegeEscalation: false,
    capabilities: { drop: ["ALL"], add: ["CAP_NET_ADMIN"] },
  };
  const { plan: made } = plan(
    { securityContext, command: ["sh"], workingDir: "/tmp" },
    { securityContext: { runAsUser: 1, runAsGroup: 7, runAsNonRoot: true }, hostNetwork: true },
  );
  expect(made).toMatchObject({
    ...{ uid: 2102, gid: 7, readOnlyRoot: true, noNewPrivileges: true, workingDir: "/tmp" },
    ...{ capabilities: ["NET_ADMIN"], command: ["sh"], hostname: "node" },
  });
});

test("planContainer() drops single capabilities and takes a given host name", () => {
  const drop = { securityContext: { capabilities: { drop: ["CHOWN"] } } };
  const { capabilities, hostname } = plan(drop, { hostname: "box" }).plan;
  expect(capabilities).not.toContain("CHOWN");
  expect(capabilities).toContain("KILL");
  expect(hostname).toBe("box");
});

test("planContainer() mounts volumes, parts of them, and below /var/run", () => {
  const { mounts } = plan({
    volumeMounts: [
      { name: "data", mountPath: "/data", readOnly: true },
      { name: "data", mountPath: "/var/run/x", subPath: "sub" },
    ],
  }).plan;
  expect(mounts).toContainEqual({ source: "/volumes/data", target: "/data", readOnly: true });
  expect(mounts).toContainEqual({
    source: "/volumes/data/sub",
    target: "/run/x",
    readOnly: false,
  });
});

test.each([
  [{ volumeMounts: [{ name: "x", mountPath: "/x" }] }, {}, "the pod has no volume x"],
  [{ image: "other" }, {}, "--image other=PROGRAM"],
  [{}, { securityContext: { runAsNonRoot: true } }, "runAsNonRoot is set and no runAsUser"],
])("planContainer() refuses %j %j", (container, spec, message) => {
  expect(() => plan(container, spec)).toThrow(message);
});
