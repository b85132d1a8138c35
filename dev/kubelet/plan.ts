/** A container of a pod as a plan for its process. */

import type { Container, Pod } from "#lib/k8s/types/core.ts";
import type { ContainerPlan, Mount } from "./container-script.ts";
import { buildEnvironment, expand } from "./environment.ts";
import { environmentOf as environmentOfImage, programOf } from "./images.ts";
import type { KubeletNode } from "./node.ts";
import type { Sandbox } from "./sandbox.ts";

/** What a plan is made for. */
export type PlanContext = {
  readonly node: KubeletNode;
  readonly pod: Pod;
  readonly sandbox: Sandbox;
  /** The pod's volumes by name. */
  readonly volumes: ReadonlyMap<string, string>;
  readonly attempt: number;
};

/** What a container runtime gives a container that asks for nothing. */
const DEFAULT_CAPABILITIES = [
  ...["CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "MKNOD", "NET_RAW", "SETGID", "SETUID"],
  ...["SETFCAP", "SETPCAP", "NET_BIND_SERVICE", "SYS_CHROOT", "KILL", "AUDIT_WRITE"],
];

/** A container as a process, and the file where it may say why it ended. */
export type PlannedContainer = {
  readonly plan: ContainerPlan;
  readonly environment: Record<string, string>;
  readonly message: string;
};

/** The process's plan and environment. Throws where image, volume or reference is not there. */
export function planContainer(container: Container, context: PlanContext): PlannedContainer {
  const { node, pod, sandbox, volumes, attempt } = context;
  const environment = environmentOf(container, context);
  const program = programOf(container.image ?? "", node.images);
  const { securityContext: own } = container;
  const { securityContext: shared, hostname, hostNetwork } = pod.spec ?? {};
  const message = `${sandbox.folder}/messages/${container.name}-${attempt}`;
  const uid = own?.runAsUser ?? shared?.runAsUser ?? 0;
  if (uid === 0 && (own?.runAsNonRoot ?? shared?.runAsNonRoot) === true)
    throw new Error(
      `Cannot start ${container.name}: runAsNonRoot is set and no runAsUser; images of this machine run as root`,
    );
  const name = `${container.name}-${attempt}`;
  const plan: ContainerPlan = {
    cgroup: sandbox.cgroup && `${sandbox.cgroup}/${name}`,
    layer: `${sandbox.folder}/layers/${name}`,
    hostname: hostNetwork === true ? node.name : (hostname ?? pod.metadata?.name ?? ""),
    mounts: [
      ...ownFiles(sandbox),
      ...program.mounts,
      ...mountsOf(container, volumes),
      { source: message, target: messagePath(container), readOnly: false },
    ],
    readOnlyRoot: own?.readOnlyRootFilesystem === true,
    uid,
    gid: own?.runAsGroup ?? shared?.runAsGroup ?? uid,
    capabilities: capabilitiesOf(container),
    noNewPrivileges: own?.allowPrivilegeEscalation === false,
    workingDir: container.workingDir ?? "/",
    command: commandOf(container, program.path, environment),
  };
  return { plan, environment, message };
}

function environmentOf(
  container: Container,
  { node, pod, sandbox }: PlanContext,
): Record<string, string> {
  const namespace = pod.metadata?.namespace ?? "";
  return buildEnvironment(
    container,
    {
      ...{ pod, podIps: sandbox.ips, nodeIps: node.ips },
      configMap: (name) => node.configMap({ namespace, name }),
      secret: (name) => node.secret({ namespace, name }),
    },
    {
      ...environmentOfImage(container.image ?? ""),
      HOSTNAME: pod.metadata?.name ?? "",
      KUBERNETES_SERVICE_HOST: node.api.host,
      KUBERNETES_SERVICE_PORT: String(node.api.port),
    },
  );
}

/** `command` replaces the image's program, `args` its arguments; our images have no arguments of their own. */
function commandOf(
  { command, args = [] }: Container,
  program: string,
  environment: Readonly<Record<string, string>>,
): string[] {
  return [...(command ?? [program]), ...args].map((word) => expand(word, environment));
}

/** Inside the container; below `/dev` where nothing else is said. */
const messagePath = ({ terminationMessagePath }: Container): string =>
  terminationMessagePath ?? "/dev/termination-log";

function ownFiles({ folder }: Sandbox): Mount[] {
  return ["resolv.conf", "hosts"].map((name) => ({
    source: `${folder}/${name}`,
    target: `/etc/${name}`,
    readOnly: false,
  }));
}

function mountsOf(
  { name, volumeMounts = [] }: Container,
  volumes: PlanContext["volumes"],
): Mount[] {
  return volumeMounts.map((mount) => {
    const source = volumes.get(mount.name);
    if (source === undefined)
      throw new Error(`Cannot start ${name}: the pod has no volume ${mount.name}`);
    return {
      source: mount.subPath === undefined ? source : `${source}/${mount.subPath}`,
      // The layer's own /var/run is a link to /run, which a mount has to name itself.
      target: mount.mountPath.replace(/^\/var\/run\//, "/run/"),
      readOnly: mount.readOnly === true,
    };
  });
}

function capabilitiesOf({ securityContext }: Container): string[] {
  if (securityContext?.privileged === true) return ["ALL"];
  const { add = [], drop = [] } = securityContext?.capabilities ?? {};
  const kept = drop.includes("ALL")
    ? []
    : DEFAULT_CAPABILITIES.filter((name) => !drop.includes(name));
  return [...new Set([...kept, ...add.map((name) => name.replace(/^CAP_/, ""))])];
}
