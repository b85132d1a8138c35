/** Adds the proxy to a pod; pure, and the same pod again where it has one already (INJ2 to INJ9). */

import type { Container, Pod, PodSpec, Volume } from "#lib/k8s/types/core.ts";
import { additionalEnv, mergeEnv } from "./additional-env.ts";
import {
  portInUse,
  reasonToDemand,
  reasonToRefuse,
  reasonToSkip,
  type SkipReason,
} from "./decide.ts";
import { proxyEnv } from "./environment.ts";
import { marksOf, opaqueWarnings, withOpaquePorts } from "./marks.ts";
import type { InjectOptions } from "./options.ts";
import { proxyContainer, proxyVolumes } from "./proxy-container.ts";
import { type Settings, settingsOf } from "./settings.ts";
import { isTraced, tracingWarnings } from "./tracing.ts";

/** The pod with its proxy; why it has none, then its opaque ports are still noted (INJ4); or why it must not start. */
export type Injection =
  | { readonly type: "injected"; readonly pod: Pod; readonly warnings: readonly string[] }
  | { readonly type: "skipped"; readonly reason: SkipReason; readonly pod: Pod }
  | { readonly type: "refused"; readonly message: string };

/** What Kubernetes gives a pod to end, in seconds, where it does not say. */
export const GRACE_SECONDS = 30;

/** Injects a pod that wants it. */
export function inject(pod: Pod, options: InjectOptions): Injection {
  const { values, namespaceAnnotations: namespace } = options;
  const settings = settingsOf(values, { pod: pod.metadata?.annotations, namespace });
  const reason =
    reasonToSkip(pod, namespace) ??
    (portInUse(pod, settings) ? ("proxy_port_in_use" as const) : undefined);
  if (reason !== undefined) {
    const message = reasonToDemand(pod, { skipped: reason, namespace });
    if (message !== undefined) return { type: "refused", message };
    return { type: "skipped", reason, pod: withOpaquePorts(pod, options) };
  }
  const message = reasonToRefuse(pod, { settings, namespace });
  return message === undefined
    ? addProxyAs(pod, { options, settings })
    : { type: "refused", message };
}

/** Adds the proxy whatever the annotations say: for the control plane's own pods and templates of the CLI. */
export function addProxy(
  pod: Pod,
  options: InjectOptions,
): Injection & { readonly type: "injected" } {
  const { values, namespaceAnnotations: namespace } = options;
  const settings = settingsOf(values, { pod: pod.metadata?.annotations, namespace });
  return addProxyAs(pod, { options, settings });
}

function addProxyAs(
  pod: Pod,
  { options, settings }: { readonly options: InjectOptions; readonly settings: Settings },
): Injection & { readonly type: "injected" } {
  const marks = { pod: pod.metadata?.annotations, namespace: options.namespaceAnnotations };
  const extra = additionalEnv(marks);
  const env = mergeEnv(
    proxyEnv(pod, { ...options, settings, component: options.component }),
    extra.env,
  );
  const spec = pod.spec ?? { containers: [] };
  const graceSeconds = spec.terminationGracePeriodSeconds ?? GRACE_SECONDS;
  const of = { settings, component: options.component };
  const traced = isTraced(of);
  const container = proxyContainer(settings, { env, graceSeconds, traced });
  return {
    type: "injected",
    pod: {
      ...pod,
      metadata: { ...pod.metadata, ...marksOf(pod, { options, settings }) },
      spec: {
        ...spec,
        ...placed(spec, { container, settings }),
        volumes: withVolumes(spec.volumes ?? [], proxyVolumes(traced)),
      },
    },
    warnings: [
      ...settings.warnings,
      ...opaqueWarnings(pod, settings),
      ...tracingWarnings(pod, of),
      ...extra.warnings,
    ],
  };
}

/** INJ7: a native sidecar before every init container; else first if the application waits for it, last if not. */
function placed(
  { initContainers = [], containers }: PodSpec,
  { container, settings }: { readonly container: Container; readonly settings: Settings },
): Partial<PodSpec> {
  if (settings.nativeSidecar) return { initContainers: [container, ...initContainers] };
  return { containers: settings.await ? [container, ...containers] : [...containers, container] };
}

/** Volumes that were left behind by an earlier proxy are not had twice: no pod could have them. */
function withVolumes(volumes: readonly Volume[], own: readonly Volume[]): Volume[] {
  const names = own.map(({ name }) => name);
  return [...volumes.filter(({ name }) => !names.includes(name)), ...own];
}
