/** The container of the proxy, and the volumes that it has (INJ6, INJ10). */

import type { Container, EnvVar, Volume, VolumeMount } from "#lib/k8s/types/core.ts";
import { END_ENTITY_DIR, TOKEN_DIR, TOKEN_FILE } from "./environment.ts";
import { resourcesOf } from "./resources.ts";
import type { Settings } from "./settings.ts";
import { POD_INFO, POD_INFO_DIR, podInfoVolume } from "./tracing.ts";

const PROXY = "linkerd-proxy";
const END_ENTITY = "linkerd-identity-end-entity";
/** Where the image has it. */
const AWAIT = "/usr/lib/linkerd/linkerd-await";
const TOKEN_AUDIENCE = "identity.l5d.io";
const TOKEN_SECONDS = 86_400;

/** The proxy as a native sidecar, or as an ordinary container. */
export function proxyContainer(
  settings: Settings,
  how: {
    readonly env: readonly EnvVar[];
    readonly graceSeconds: number;
    /** Whether its spans tell of the pod's labels. */
    readonly traced: boolean;
  },
): Container {
  const { image, ports, resources, ephemeralStorage, uid, gid, nativeSidecar } = settings;
  const probe = (path: string, timing: object): NonNullable<Container["startupProbe"]> => ({
    httpGet: { path, port: ports.admin },
    ...timing,
  });
  const mounts: VolumeMount[] = [
    { name: END_ENTITY, mountPath: END_ENTITY_DIR },
    { name: TOKEN_FILE, mountPath: TOKEN_DIR },
    ...(how.traced ? [{ name: POD_INFO, mountPath: POD_INFO_DIR }] : []),
  ];
  return {
    name: PROXY,
    image: `${image.name}:${image.version}`,
    imagePullPolicy: image.pullPolicy,
    args: ["proxy"],
    ports: [
      { name: "linkerd-proxy", containerPort: ports.inbound },
      { name: "linkerd-admin", containerPort: ports.admin },
    ],
    livenessProbe: probe("/live", { initialDelaySeconds: 10 }),
    readinessProbe: probe("/ready", { initialDelaySeconds: 2 }),
    // An ordinary container holds others up by its hook: a probe of its start would only delay its own readiness.
    ...(nativeSidecar &&
      settings.await && {
        startupProbe: probe("/ready", { periodSeconds: 1, failureThreshold: 120 }),
      }),
    ...resourcesOf(resources, ephemeralStorage),
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      runAsUser: uid,
      runAsGroup: gid ?? uid,
      seccompProfile: { type: "RuntimeDefault" },
    },
    terminationMessagePolicy: "FallbackToLogsOnError",
    volumeMounts: mounts,
    env: [...how.env],
    ...(nativeSidecar ? { restartPolicy: "Always" } : hooks(settings, how.graceSeconds)),
  };
}

/** Where key and token are: in memory, and written by the kubelet; and the pod's labels where its proxy is traced. */
export function proxyVolumes(traced: boolean): Volume[] {
  const token = { path: TOKEN_FILE, expirationSeconds: TOKEN_SECONDS, audience: TOKEN_AUDIENCE };
  return [
    { name: END_ENTITY, emptyDir: { medium: "Memory" } },
    { name: TOKEN_FILE, projected: { sources: [{ serviceAccountToken: token }] } },
    ...(traced ? [podInfoVolume()] : []),
  ];
}

/**
 * INJ10: the kubelet starts the next container once the first one's hook has ended, so the application waits for the
 * proxy; and the proxy waits before it is asked to end, where the API takes no wait beyond the grace period. A native
 * sidecar needs neither: its probe holds the others up, and it is asked to end last of all.
 */
function hooks(
  { await: awaited, ports, waitBeforeExitSeconds }: Settings,
  graceSeconds: number,
): Pick<Container, "lifecycle"> {
  const seconds = Math.min(waitBeforeExitSeconds, graceSeconds);
  if (!awaited && seconds === 0) return {};
  const command = [AWAIT, "--timeout=2m", `--port=${ports.admin}`];
  return {
    lifecycle: {
      ...(awaited && { postStart: { exec: { command } } }),
      ...(seconds > 0 && { preStop: { sleep: { seconds } } }),
    },
  };
}
