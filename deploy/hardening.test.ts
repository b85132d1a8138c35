import { expect, test } from "bun:test";
import type { DaemonSet, Deployment } from "#lib/k8s/types/apps.ts";
import { createCertificates } from "./certificates.ts";
import { renderCni } from "./cni.ts";
import { renderControlPlane } from "./control-plane.ts";
import { createValues, HA, type Overrides } from "./values.ts";

const certificates = createCertificates({
  namespace: "linkerd",
  trustDomain: "cluster.local",
  nowMs: 0,
});
type Workload = Deployment | DaemonSet;

/** Everything that runs pods, and its containers. */
function workloads(overrides: Overrides) {
  const values = createValues("1.2.3", overrides);
  const objects = [...renderControlPlane(values, certificates), ...renderCni(values)] as Workload[];
  return objects
    .filter(({ spec }) => spec?.template !== undefined)
    .map(({ kind, metadata, spec }) => {
      const pod = spec?.template?.spec;
      const containers = [...(pod?.initContainers ?? []), ...(pod?.containers ?? [])];
      return { kind, name: metadata?.name ?? "", pod, containers };
    });
}
const SETS: readonly (readonly [string, Overrides])[] = [
  ["defaults", {}],
  ["--ha", HA],
  ["ordinary containers", { proxy: { nativeSidecar: false } }],
];

test.each(SETS)(
  "L10: nothing that runs has a privilege, the node agent aside (%s)",
  (_, overrides) => {
    const all = workloads(overrides).filter(({ kind }) => kind !== "DaemonSet");
    expect(all).toHaveLength(3);
    for (const { pod, containers } of all) {
      for (const { securityContext } of containers)
        expect(securityContext).toEqual(
          expect.objectContaining({
            runAsNonRoot: true,
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ["ALL"] },
            seccompProfile: { type: "RuntimeDefault" },
          }),
        );
      expect(pod?.volumes?.filter(({ hostPath }) => hostPath !== undefined)).toEqual([]);
      expect([pod?.hostNetwork, pod?.hostPID, pod?.hostIPC]).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
    }
  },
);

test("L10: the node agent has the capabilities that it needs, and nothing else of a privilege", () => {
  const [agent] = workloads({}).filter(({ kind }) => kind === "DaemonSet");
  const context = agent?.containers[0]?.securityContext;
  expect(context).toMatchObject({
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"], add: ["BPF", "NET_ADMIN", "SYS_ADMIN"] },
    seccompProfile: { type: "RuntimeDefault" },
  });
  expect([context?.privileged, agent?.pod?.hostPID, agent?.pod?.hostIPC]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test.each(SETS)(
  "L10: every image has the tag of its version, never latest (%s)",
  (_, overrides) => {
    for (const { containers } of workloads(overrides))
      for (const { image } of containers) expect(image).toMatch(/^[\w.-]+\/[\w./-]+:1\.2\.3$/);
  },
);

test("L10: with --ha every container has requests, and a limit of memory", () => {
  for (const { name, containers } of workloads(HA))
    for (const container of containers) {
      const { requests = {}, limits = {} } = container.resources ?? {};
      const has = [requests["cpu"], requests["memory"], limits["memory"]].every(Boolean);
      expect([name, container.name, has]).toEqual([name, container.name, true]);
    }
});
