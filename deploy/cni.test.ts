import { expect, test } from "bun:test";
import type { DaemonSet } from "#lib/k8s/types/apps.ts";
import { parseArgs } from "../cni/args.ts";
import { renderCni } from "./cni.ts";
import { createValues, type Overrides } from "./values.ts";

const daemonSetOf = (overrides: Overrides = {}): DaemonSet => {
  const found = renderCni(createValues("1.2.3", overrides)).find(
    ({ kind }) => kind === "DaemonSet",
  );
  if (found === undefined) throw new Error("no DaemonSet");
  return found as DaemonSet;
};

test("renderCni() gives namespace, account and DaemonSet", () => {
  const objects = renderCni(createValues("1.2.3"));
  expect(objects.map(({ kind, metadata }) => `${kind}/${metadata?.name}`)).toEqual([
    "Namespace/linkerd-cni",
    "ServiceAccount/linkerd-cni",
    "ClusterRole/linkerd-cni",
    "ClusterRoleBinding/linkerd-cni",
    "Role/linkerd-cni",
    "RoleBinding/linkerd-cni",
    "DaemonSet/linkerd-cni",
  ]);
});

test("the agent takes the flags that it is given, in the folders that are mounted", () => {
  const spec = daemonSetOf({ cni: { redirect: "nft", destCNIBinDir: "/home/bin" } }).spec?.template
    .spec;
  const [container] = spec?.containers ?? [];
  const [role, ...words] = container?.args ?? [];
  const parsed = parseArgs(words, { NODE_NAME: "n1" });
  expect(role).toBe("cni");
  if (parsed.type !== "agent") throw new Error(JSON.stringify(parsed));
  const { args } = parsed;
  expect(args).toMatchObject({ redirect: "nft", cniBinDir: "/home/bin", nodeName: "n1" });
  const mounted = container?.volumeMounts?.map(({ mountPath }) => mountPath);
  expect(mounted?.toSorted()).toEqual(
    [
      args.cgroupRoot,
      args.bpfRoot,
      args.cniBinDir,
      args.cniConfDir,
      args.runDir,
      "/run/netns",
    ].toSorted(),
  );
  const paths = spec?.volumes?.map(({ hostPath }) => hostPath?.path);
  expect(paths?.toSorted()).toEqual(mounted?.toSorted());
  expect(spec?.hostNetwork).toBe(true);
});

test("the agent's pods are as the values say, and it leaves alone what they name", () => {
  const { spec } = daemonSetOf({
    commonLabels: { team: "mesh" },
    cni: {
      tolerations: [],
      podLabels: { a: "b" },
      podAnnotations: { note: "x" },
      resources: { cpu: { request: "" }, memory: { request: "100Mi" } },
      updateStrategy: { type: "OnDelete" },
    },
    proxyInit: { ignoreInboundPorts: "25,80-90", skipSubnets: "10.0.0.0/8" },
  });
  expect(spec?.updateStrategy).toEqual({ type: "OnDelete" });
  expect(spec?.template.metadata).toMatchObject({
    labels: { team: "mesh", a: "b", "k8s-app": "linkerd-cni" },
    annotations: { note: "x" },
  });
  const [container] = spec?.template.spec?.containers ?? [];
  expect(spec?.template.spec?.tolerations).toBeUndefined();
  expect(container?.resources).toEqual({
    requests: { memory: "100Mi" },
    limits: { memory: "512Mi" },
  });
  expect(parseArgs((container?.args ?? []).slice(1), { NODE_NAME: "n1" })).toMatchObject({
    args: { exempt: { inboundPorts: ["25", "80-90"], subnets: ["10.0.0.0/8"] } },
  });
});

test("the agent has three capabilities, and is privileged only where that is asked for", () => {
  const securityContextOf = (overrides: Overrides): unknown =>
    daemonSetOf(overrides).spec?.template.spec?.containers[0]?.securityContext;
  expect(securityContextOf({})).toMatchObject({
    runAsUser: 0,
    capabilities: { drop: ["ALL"], add: ["BPF", "NET_ADMIN", "SYS_ADMIN"] },
  });
  expect(securityContextOf({ cni: { privileged: true } })).toEqual({
    runAsUser: 0,
    runAsNonRoot: false,
    readOnlyRootFilesystem: true,
    privileged: true,
  });
});

test("only a privileged agent mounts towards the host, as Kubernetes demands", () => {
  const propagation = (privileged: boolean): (string | undefined)[] =>
    (
      daemonSetOf({ cni: { privileged } }).spec?.template.spec?.containers[0]?.volumeMounts ?? []
    ).map(({ mountPropagation }) => mountPropagation);
  expect(propagation(false)).not.toContain("Bidirectional");
  expect(propagation(true)).toContain("Bidirectional");
});
