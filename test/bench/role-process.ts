/** A role of the control plane as a process of its own: compiled, with the uid and the API access that its pod has. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { IMAGE_ENVIRONMENT } from "../../deploy/image/environment.ts";
import { compile } from "../../deploy/image/program.ts";

/** Which role, and who it is for the API. */
export interface RoleOptions {
  /** Of `bunkerd controller`. */
  readonly words: readonly string[];
  /** Of the API server, and how it is known. */
  readonly api: { readonly host: string; readonly port: string; readonly caPem: string };
  readonly token: string;
}

const ROOT = new URL("../..", import.meta.url).pathname;
/** The controllers' in the manifests. */
const UID = "2103";
/** Where a pod finds its ServiceAccount's files: in a mount namespace of the process's own. */
const MOUNT = `mount -t tmpfs run /run
mkdir -p /run/secrets/kubernetes.io/serviceaccount
mount --bind "$0" /run/secrets/kubernetes.io/serviceaccount
exec "$@"`;

/** A folder that the role may read, with the program in it. */
export async function programFolder(): Promise<{ readonly dir: string; remove(): void }> {
  const dir = mkdtempSync(`${tmpdir()}/bench-role-`);
  const remove = (): void => rmSync(dir, { recursive: true });
  try {
    mkdirSync(`${dir}/account`);
    await Bun.$`chmod 755 ${dir}`;
    await compile(`${ROOT}main.ts`, `${dir}/bunkerd`);
  } catch (error) {
    remove();
    throw error;
  }
  return { dir, remove };
}

/** Starts it; it ends with this process at the latest. Its pid is the child's. */
export function startRole(
  dir: string,
  { words, api, token }: RoleOptions,
): Bun.Subprocess<"ignore", "ignore", "inherit"> {
  writeFileSync(`${dir}/account/ca.crt`, api.caPem);
  writeFileSync(`${dir}/account/token`, token);
  const drop = [`--reuid=${UID}`, `--regid=${UID}`, "--clear-groups", "--pdeathsig=KILL"];
  const mount = ["unshare", "--mount", "sh", "-ec", MOUNT, `${dir}/account`];
  const role = [`${dir}/bunkerd`, "controller", ...words];
  return Bun.spawn([...mount, "setpriv", ...drop, ...role], {
    stdio: ["ignore", "ignore", "inherit"],
    env: {
      PATH: Bun.env["PATH"] ?? "",
      ...IMAGE_ENVIRONMENT,
      KUBERNETES_SERVICE_HOST: api.host,
      KUBERNETES_SERVICE_PORT: api.port,
    },
  });
}

/** Ends it as the kubelet does, by force where that is not enough. */
export async function endRole(role: Bun.Subprocess): Promise<void> {
  role.kill("SIGTERM");
  const force = setTimeout(() => role.kill("SIGKILL"), GRACE_MS);
  await role.exited;
  clearTimeout(force);
}

const GRACE_MS = 5000;
