/** Puts an object into the mesh: by the annotation that the injector acts on, or with the proxy itself. */

import { INJECT } from "#lib/k8s/annotations.ts";
import type { ObjectMeta } from "#lib/k8s/types/meta.ts";
import { CommandError } from "../command.ts";
import type { ObjectReport } from "./report.ts";
import type { Change } from "./transform.ts";
import { stripTemplate } from "./uninject.ts";
import { type Manifest, type PodTemplate, podTemplateOf } from "./workload.ts";

/** How to inject. */
export type InjectOptions = {
  readonly annotations: Readonly<Record<string, string>>;
  /** Adds the proxy to a template in place; undefined leaves that to the webhook. */
  readonly manual?: ((template: PodTemplate, owner: Manifest) => void) | undefined;
};

const OTHER_SIDECARS: readonly string[] = ["istio-proxy", "istio-init"];
const COMPONENT = "linkerd.io/control-plane-component";
const OPAQUE_PORTS = "config.linkerd.io/opaque-ports";

/** The change that injects. Throws CommandError for parts of the control plane unless manual. */
export function createInject(options: InjectOptions): Change {
  return (manifest, at) => {
    const subject = { kind: (manifest.kind ?? "").toLowerCase(), name: nameOf(manifest) };
    if (manifest.kind === "Namespace") {
      const changed = annotate(manifest, { [INJECT]: "enabled", ...options.annotations });
      return { report: { ...subject, result: "injected" }, changed };
    }
    if (manifest.kind === "Service") return annotateService(manifest, { subject, options });
    const template = podTemplateOf(manifest, at);
    if (template === undefined)
      return { report: { ...subject, result: "skipped" }, changed: false };
    if (options.manual === undefined && template.metadata?.labels?.[COMPONENT] !== undefined)
      throw new CommandError(
        `Cannot inject ${subject.kind}/${subject.name}: --manual must be set when injecting control plane components`,
      );
    const facts = factsOf(template);
    if (facts.hostNetwork || facts.sidecar || facts.disabled)
      return { report: { ...subject, ...facts, result: "skipped" }, changed: false };
    const changed = injectTemplate(template, { owner: manifest, options });
    return { report: { ...subject, ...facts, result: "injected" }, changed };
  };
}

type Subject = { readonly kind: string; readonly name: string };

function annotateService(
  service: Manifest,
  { subject, options }: { readonly subject: Subject; readonly options: InjectOptions },
): { readonly report: ObjectReport; readonly changed: boolean } {
  const ports = options.annotations[OPAQUE_PORTS];
  if (ports === undefined) return { report: { ...subject, result: "skipped" }, changed: false };
  const changed = annotate(service, { [OPAQUE_PORTS]: ports });
  return { report: { ...subject, result: "annotated" }, changed };
}

function injectTemplate(
  template: PodTemplate,
  { owner, options }: { readonly owner: Manifest; readonly options: InjectOptions },
): boolean {
  const stripped = stripTemplate(template);
  if (options.manual !== undefined) {
    annotate(template, options.annotations);
    options.manual(template, owner);
    return true;
  }
  const asked = template.metadata?.annotations?.[INJECT] === "ingress" ? "ingress" : "enabled";
  return annotate(template, { [INJECT]: asked, ...options.annotations }) || stripped;
}

const nameOf = ({ metadata }: Manifest): string => metadata?.name ?? metadata?.generateName ?? "";

function factsOf({ metadata, spec }: PodTemplate): {
  readonly hostNetwork: boolean;
  readonly sidecar: boolean;
  readonly udp: boolean;
  readonly disabled: boolean;
} {
  const containers = [...(spec.initContainers ?? []), ...(spec.containers ?? [])];
  return {
    hostNetwork: spec.hostNetwork === true,
    sidecar: containers.some(({ name }) => OTHER_SIDECARS.includes(name)),
    udp: containers.some(({ ports }) => (ports ?? []).some(({ protocol }) => protocol === "UDP")),
    disabled: metadata?.annotations?.[INJECT] === "disabled",
  };
}

/** Sets annotations; whether any was not so before. */
function annotate(
  object: { metadata?: ObjectMeta; spec?: unknown },
  annotations: Readonly<Record<string, string>>,
): boolean {
  const before = object.metadata?.annotations ?? {};
  if (Object.entries(annotations).every(([key, value]) => before[key] === value)) return false;
  const { spec } = object;
  // Metadata stands in front of a spec, as everybody writes it.
  if (object.metadata === undefined) delete object.spec;
  object.metadata = { ...object.metadata, annotations: { ...before, ...annotations } };
  if (spec !== undefined) object.spec = spec;
  return true;
}
