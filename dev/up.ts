/** Brings up an instance: a cluster, the mesh from its own manifests, and the user's application. */

import { existsSync, readFileSync } from "node:fs";
import { createKubeClient, type KubeClient } from "#lib/k8s/client.ts";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import type { Logger } from "#lib/log/logger.ts";
import type { Clock } from "#lib/time/clock.ts";
import { createCertificates } from "../deploy/certificates.ts";
import { renderCni } from "../deploy/cni.ts";
import { renderControlPlane } from "../deploy/control-plane.ts";
import { renderGatewayApi } from "../deploy/crds/gateway-api/render.ts";
import { renderCrds } from "../deploy/crds/render.ts";
import { IMAGE } from "../deploy/image/environment.ts";
import { createValues, type Overrides, type Values } from "../deploy/values.ts";
import { applyAll, waitReady, workloadsOf } from "./apply.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { findExecutable } from "./executable.ts";
import { createInstance, type Instance, ownerOf, removeInstance } from "./instance.ts";
import { imagesOf, parseManifest } from "./manifest.ts";
import type { IpFamilyChoice } from "./network/ip-families.ts";

/** What to bring up. */
export type UpOptions = {
  readonly instance: Instance;
  readonly files: readonly string[];
  /** Programs by image name, beside those that the files name. */
  readonly images: ReadonlyMap<string, string>;
  /** Which addresses pods and Services have. */
  readonly ipFamily: IpFamilyChoice;
  /** Values of the installation over its defaults. */
  readonly overrides: Overrides;
  readonly version: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Told what happens, a line each. */
  report(line: string): void;
};

/** A running instance; `client` speaks through the API as a user does. */
export type Running = Cluster & {
  readonly user: KubeClient;
  stopAndRemove(graceMs: number): Promise<void>;
};

/** Milliseconds for each of the steps to become ready. */
const READY_TIMEOUT_MS = 60_000;

/** Starts everything; what fails leaves nothing behind. Throws with the reason. */
export async function bringUp(options: UpOptions): Promise<Running> {
  const { instance, report } = options;
  const owner = ownerOf(instance);
  if (owner !== undefined)
    throw new Error(
      `Cannot start ${instance.name}: it runs already as process ${owner}; bunkerd dev down ends it`,
    );
  const application = readApplication(options.files);
  await removeInstance(instance);
  const { said, redirect } = chooseTier(instance, options.overrides.cni?.redirect);
  report(said);
  const executable = await findExecutable();
  let cluster: Cluster | undefined;
  const stopAndRemove = async (graceMs: number): Promise<void> => {
    await cluster?.stop(graceMs);
    await removeInstance(instance);
  };
  try {
    createInstance(instance);
    const images = new Map([...application.images, ...options.images, [IMAGE, executable]]);
    cluster = await startCluster({ ...options, images });
    const { server, ca, token } = cluster.access;
    const user = createKubeClient({ server, ca, token: () => token });
    await install({ ...options, redirect }, user);
    if (application.objects.length > 0) {
      report("application: applied, waiting for it");
      await applyAndWait(options, user, application.objects);
    }
    return { ...cluster, user, stopAndRemove };
  } catch (error) {
    await stopAndRemove(0);
    throw error;
  }
}

/** The mesh as on a cluster: CRDs, then the node agent, which pods wait for, then the control plane. */
async function install(
  options: UpOptions & { readonly redirect: Redirect },
  user: KubeClient,
): Promise<void> {
  const { clock, report, overrides, version, redirect } = options;
  const values = createValues(version, { ...overrides, cni: { ...overrides.cni, redirect } });
  const certificates = createCertificates({
    namespace: values.namespace,
    trustDomain: values.identityTrustDomain,
    nowMs: clock.wall(),
  });
  await applyAll(user, [...renderCrds(values.namespace), ...renderGatewayApi("experimental")]);
  report("node agent: applied, waiting for it");
  await applyAndWait(options, user, renderCni(values));
  report("control plane: applied, waiting for it");
  await applyAndWait(options, user, renderControlPlane(values, certificates));
}

async function applyAndWait(
  { clock }: Pick<UpOptions, "clock">,
  user: KubeClient,
  objects: readonly KubeObject[],
): Promise<void> {
  await applyAll(user, objects);
  await waitReady(user, workloadsOf(objects), { clock, timeoutMs: READY_TIMEOUT_MS });
}

function readApplication(files: readonly string[]): {
  readonly objects: readonly KubeObject[];
  readonly images: ReadonlyMap<string, string>;
} {
  const objects: KubeObject[] = [];
  const images = new Map<string, string>();
  for (const file of files) {
    const found = parseManifest(readFileSync(file, "utf8"), file);
    objects.push(...found);
    for (const [name, program] of imagesOf(found, file)) images.set(name, program);
  }
  return { objects, images };
}

type Redirect = Values["cni"]["redirect"];

/** How pods are redirected, and what decided it; `auto` leaves it to the node agent's probe. */
function chooseTier(
  { cgroup }: Instance,
  asked: Redirect = "auto",
): { readonly said: string; readonly redirect: Redirect } {
  if (asked !== "auto")
    return { redirect: asked, said: `pods are redirected by ${asked}, as asked` };
  const missing =
    cgroup === undefined
      ? "no cgroup2 is mounted"
      : existsSync("/sys/kernel/btf/vmlinux")
        ? undefined
        : "the kernel has no BTF";
  if (missing !== undefined)
    return { redirect: "nft", said: `${missing}: pods are redirected by nft (tier 2)` };
  const said =
    "cgroup2 and BTF are there: pods are redirected by eBPF where it can be loaded (tier 1)";
  return { redirect: "auto", said };
}
