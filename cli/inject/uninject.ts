/** Takes the mesh out of an object: what `inject`, by hand or by webhook, added. */

import type { ObjectMeta } from "#lib/k8s/types/meta.ts";
import type { ObjectReport } from "./report.ts";
import { type Manifest, type Place, type PodTemplate, podTemplateOf } from "./workload.ts";

const MESH = "linkerd.io/";
const TAP = "viz.linkerd.io/tap-enabled";
const COMPONENT = "linkerd.io/control-plane-component";
const PROXIES: readonly string[] = ["linkerd-proxy", "linkerd-init", "linkerd-network-validator"];
const VOLUMES: readonly string[] = [
  "linkerd-identity-end-entity",
  "linkerd-identity-token",
  "linkerd-podinfo",
  "linkerd-proxy-init-xtables-lock",
];

/** Removes proxy, volumes, labels and annotations, `linkerd.io/inject: disabled` aside. */
export function uninject(
  manifest: Manifest,
  at: Place,
): { readonly report: ObjectReport; readonly changed: boolean } {
  const template = podTemplateOf(manifest, at);
  const metas: (ObjectMeta | undefined)[] = [];
  if (template !== undefined || ["Namespace", "Service"].includes(manifest.kind ?? ""))
    metas.push(manifest.metadata);
  let changed = template !== undefined && stripTemplate(template);
  if (template !== undefined && template !== manifest) metas.push(template.metadata);
  for (const meta of metas) changed = stripMeta(meta) || changed;
  const { kind = "", metadata } = manifest;
  const name = metadata?.name ?? metadata?.generateName ?? "";
  const result = changed ? "uninjected" : "skipped";
  return { report: { kind: kind.toLowerCase(), name, result }, changed };
}

/** Removes containers and volumes of the mesh from a pod; whether there were any. */
export function stripTemplate({ spec }: PodTemplate): boolean {
  let changed = false;
  for (const list of ["containers", "initContainers"] as const) {
    const all = spec[list] ?? [];
    const kept = all.filter(({ name }) => !PROXIES.includes(name));
    if (kept.length === all.length) continue;
    changed = true;
    if (kept.length > 0 || list === "containers") spec[list] = kept;
    else delete spec[list];
  }
  const volumes = spec.volumes ?? [];
  const kept = volumes.filter(({ name }) => !VOLUMES.includes(name));
  if (kept.length === volumes.length) return changed;
  if (kept.length > 0) spec.volumes = kept;
  else delete spec.volumes;
  return true;
}

/** The control plane's own objects keep their marks: they are what finds it. */
function stripMeta(meta: ObjectMeta | undefined): boolean {
  if (meta === undefined || meta.labels?.[COMPONENT] !== undefined) return false;
  const annotations = stripMarks(meta, {
    field: "annotations",
    keep: (key, value) => key === "linkerd.io/inject" && value === "disabled",
  });
  return stripMarks(meta, { field: "labels", keep: () => false }) || annotations;
}

type Marks = {
  readonly field: "annotations" | "labels";
  readonly keep: (key: string, value: string) => boolean;
};

function stripMarks(meta: ObjectMeta, { field, keep }: Marks): boolean {
  const all = Object.entries(meta[field] ?? {});
  const kept = all.filter(
    ([key, value]) => !(key.startsWith(MESH) || key === TAP) || keep(key, value),
  );
  if (kept.length === all.length) return false;
  if (kept.length > 0) meta[field] = Object.fromEntries(kept);
  else delete meta[field];
  return true;
}
