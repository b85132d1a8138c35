/** A cluster in which the mesh is installed and runs, made of the manifests that are installed. */

import { X509Certificate } from "node:crypto";
import { type Category, runChecks, type Target } from "../../cli/check/check.ts";
import { COMPONENTS } from "../../cli/check/objects.ts";
import { createCertificates } from "../../deploy/certificates.ts";
import { renderCni } from "../../deploy/cni.ts";
import { renderControlPlane } from "../../deploy/control-plane.ts";
import { renderCrds } from "../../deploy/crds/render.ts";
import { createValues } from "../../deploy/values.ts";
import { anchorOf, readTrustBundle } from "../../lib/identity/trust-bundle.ts";
import type { Deployment } from "../../lib/k8s/types/apps.ts";
import type { KubeObject, ObjectMeta } from "../../lib/k8s/types/meta.ts";
import { fakeCluster, metricsPath } from "./cli.ts";
import { pod } from "./mesh-objects.ts";

/** When the certificates were made. */
export const INSTALLED_MS: number = Date.parse("2026-01-01T00:00:00Z");
const DAY_MS = 86_400_000;

const certificates = createCertificates({
  namespace: "linkerd",
  trustDomain: "cluster.local",
  nowMs: INSTALLED_MS,
});
const values = createValues("1.2.3");

/** The trust anchors of the installed mesh. */
export const ANCHORS_PEM: string = certificates.anchorsPem;

const bundle = readTrustBundle(ANCHORS_PEM);
const chain = [new X509Certificate(certificates.issuer.crtPem)];

/** What all of its proxies trust, and the anchor of its issuer. */
export const TRUST: { readonly generation: string; readonly anchor: string } = {
  generation: bundle.generation,
  anchor: anchorOf(chain, bundle) ?? "",
};

/** Metrics of a proxy, or of an identity controller, which give out what they trust. */
export function trustOf({ generation, anchor }: typeof TRUST): string {
  return [
    `control_identity_trust_bundle_info{generation="${generation}"} 1`,
    `identity_trust_bundle_info{generation="${generation}"} 1`,
    `control_identity_cert_anchor_info{anchor="${anchor}"} 1`,
    "",
  ].join("\n");
}

/** What the pods of the control plane answer. */
export function controlPlaneTexts(trust: typeof TRUST = TRUST): Record<string, string> {
  const names = COMPONENTS.map((component) => `linkerd-${component}-1`);
  const proxies = names.map((name) => [metricsPath("linkerd", name), trustOf(trust)]);
  const controller = metricsPath("linkerd", "linkerd-identity-1").replace(":4191/", ":9990/");
  return Object.fromEntries([...proxies, [controller, trustOf(trust)]]);
}

/** Everything that is there when all is well: manifests, pods, a node. */
export function installed(): KubeObject[] {
  const objects = [
    ...renderCrds("linkerd"),
    ...renderCni(values),
    ...renderControlPlane(values, certificates),
  ] as (KubeObject & { status?: unknown })[];
  const agent = objects.find(({ kind }) => kind === "DaemonSet");
  if (agent !== undefined) agent.status = { desiredNumberScheduled: 1, numberReady: 1 };
  const controllers = COMPONENTS.map((component) => {
    const of = pod(`linkerd-${component}-1`, {
      namespace: "linkerd",
      labels: { "linkerd.io/control-plane-component": component },
    });
    const { annotations = {} } = templateOf(objects, `linkerd-${component}`);
    return { ...of, metadata: { ...of.metadata, annotations } };
  });
  const node = {
    kind: "Node",
    metadata: { name: "node-1" },
    spec: { podCIDRs: ["10.244.0.0/24"] },
    status: {
      conditions: [
        { type: "Ready", lastHeartbeatTime: new Date(INSTALLED_MS + DAY_MS).toISOString() },
      ],
    },
  };
  return [...objects, ...controllers, node];
}

function templateOf(objects: readonly KubeObject[], name: string): ObjectMeta {
  const found = objects.find(
    ({ kind, metadata }) => kind === "Deployment" && metadata?.name === name,
  );
  return (found as Deployment | undefined)?.spec?.template.metadata ?? {};
}

/** The texts that such a cluster answers with. */
export const TEXTS: Readonly<Record<string, string>> = { "/version": '{"gitVersion":"v1.32.0"}' };

/** How the cluster of a test differs. */
export type Difference = {
  readonly objects?: readonly KubeObject[];
  /** Days since the installation; 1 unless given. */
  readonly days?: number;
  readonly namespace?: string;
  readonly texts?: Readonly<Record<string, string>>;
  readonly version?: string;
};

/** Asks one category's questions once and returns what is wrong, by question; a fatal one ends it. */
export async function findings(
  category: Category,
  difference: Difference = {},
): Promise<Record<string, string>> {
  const { objects = installed(), days = 1, texts = {}, namespace, version = "1.2.3" } = difference;
  const wrong: Record<string, string> = {};
  const target: Target = {
    client: fakeCluster(objects, { ...TEXTS, ...texts }),
    linkerdNamespace: "linkerd",
    cniNamespace: "linkerd-cni",
    namespace,
    version,
    wall: () => INSTALLED_MS + days * DAY_MS,
  };
  await runChecks([category], {
    target,
    patience: { waitMs: 0, now: () => 0, sleep: () => Promise.resolve() },
    onResult: ({ description, error, result }) => {
      if (result !== "success") wrong[`${result}: ${description}`] = error;
    },
  });
  return wrong;
}

/** The installed objects with one changed. */
export function changed(which: string, change: (object: never) => void): KubeObject[] {
  return installed().map((object) => {
    if (`${object.kind}/${object.metadata?.name}` !== which) return object;
    const copy = structuredClone(object);
    change(copy as never);
    return copy;
  });
}

/** The installed objects without some. */
export function without(which: string): KubeObject[] {
  return installed().filter(({ kind, metadata }) => `${kind}/${metadata?.name}` !== which);
}
