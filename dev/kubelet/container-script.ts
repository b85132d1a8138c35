/** The shell script that turns a process into a container: mounts, cgroup, user, capabilities. Pure. */

/** A file or folder of the machine, shown inside a container. */
export type Mount = {
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
};

/** Everything a container's process needs to know about itself before it starts. */
export type ContainerPlan = {
  /** Folder of its cgroup; undefined where the machine has no cgroup2. */
  readonly cgroup: string | undefined;
  /** An empty folder for its root file system: a layer over the machine's own. */
  readonly layer: string;
  readonly hostname: string;
  readonly mounts: readonly Mount[];
  readonly readOnlyRoot: boolean;
  readonly uid: number;
  readonly gid: number;
  /** Capabilities without `CAP_`; all others are dropped, from the bounding set too. */
  readonly capabilities: readonly string[];
  readonly noNewPrivileges: boolean;
  readonly workingDir: string;
  readonly command: readonly string[];
};

/** The program and arguments that start the container in the network namespace of the moment. */
export function containerCommand(plan: ContainerPlan): string[] {
  return [
    ...["unshare", "--mount", "--uts", "--pid", "--fork", "--kill-child=SIGKILL"],
    ...["--propagation", "slave", "sh", "-ec", containerScript(plan)],
  ];
}

function containerScript(plan: ContainerPlan): string {
  const root = `${plan.layer}/root`;
  const lines = [
    ...(plan.cgroup === undefined ? [] : [`echo 0 > ${quote(`${plan.cgroup}/cgroup.procs`)}`]),
    `hostname ${quote(plan.hostname)}`,
    `mkdir -p ${["root", "upper", "work"].map((name) => quote(`${plan.layer}/${name}`)).join(" ")}`,
    `mount -t overlay overlay -o ${quote(overlayOptions(plan.layer))} ${quote(root)}`,
    `mount -t proc proc ${quote(`${root}/proc`)}`,
    ...deviceLines(`${root}/dev`),
    `mount --rbind /sys ${quote(`${root}/sys`)}`,
    `mount -t tmpfs -o mode=755 tmpfs ${quote(`${root}/run`)}`,
    ...plan.mounts.flatMap((mount) => mountLines(root, mount)),
    ...(plan.readOnlyRoot ? [`mount -o remount,ro,bind ${quote(root)}`] : []),
    `exec chroot ${quote(root)} setpriv ${privileges(plan)} -- env -C ${quote(plan.workingDir)} ${plan.command.map(quote).join(" ")}`,
  ];
  return lines.join("\n");
}

/** What runtimes put into `/dev`: the machine's own would be shared by all containers. */
function deviceLines(dev: string): string[] {
  const at = quote(dev);
  const devices = ["null", "zero", "full", "random", "urandom", "tty"].map(
    (name) => `/dev/${name}`,
  );
  const links = [
    ...[
      ["/proc/self/fd", "fd"],
      ["/proc/self/fd/0", "stdin"],
      ["/proc/self/fd/1", "stdout"],
    ],
    ...[
      ["/proc/self/fd/2", "stderr"],
      ["pts/ptmx", "ptmx"],
    ],
  ];
  return [
    `mount -t tmpfs -o mode=755 tmpfs ${at}`,
    `cp -a ${devices.join(" ")} ${at}`,
    `mkdir -m 1777 ${at}/shm; mkdir ${at}/pts`,
    `mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts ${at}/pts`,
    ...links.map(([to, name]) => `ln -s ${to} ${at}/${name}`),
  ];
}

const overlayOptions = (layer: string): string =>
  `lowerdir=/,upperdir=${layer}/upper,workdir=${layer}/work`;

function mountLines(root: string, { source, target, readOnly }: Mount): string[] {
  const at = quote(root + target);
  const from = quote(source);
  return [
    `if [ -d ${from} ]; then mkdir -p ${at}; else mkdir -p "$(dirname ${at})"; [ -e ${at} ] || : > ${at}; fi`,
    `mount --rbind ${from} ${at}`,
    ...(readOnly ? [`mount -o remount,ro,bind ${at}`] : []),
  ];
}

function privileges(plan: ContainerPlan): string {
  const kept = plan.capabilities.map((name) => `,+${name.toLowerCase()}`).join("");
  // Only root's programs keep capabilities over exec; others would need ambient ones, which runtimes do not give.
  const inheritable = plan.uid === 0 ? `-all${kept}` : "-all";
  return [
    `--reuid ${plan.uid} --regid ${plan.gid} --clear-groups`,
    `--inh-caps ${inheritable} --bounding-set -all${kept}`,
    ...(plan.noNewPrivileges ? ["--no-new-privs"] : []),
  ].join(" ");
}

/** A word of the shell that stands for exactly this text. */
export function quote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
