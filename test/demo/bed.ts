/** What the demo's checks work with: the running instance, its pods, and programs run inside them. */

import { PODS, SERVICES } from "#lib/k8s/resource.ts";
import type { Pod } from "#lib/k8s/types/core.ts";
import { LogFilter } from "#lib/log/log-filter.ts";
import { createLogger } from "#lib/log/logger.ts";
import { parseExposition, type Sample } from "#lib/metrics/parse.ts";
import { systemClock } from "#lib/sys/system-clock.ts";
import type { Overrides } from "../../deploy/values.ts";
import { type Instance, instanceOf } from "../../dev/instance.ts";
import type { IpFamilyChoice } from "../../dev/network/ip-families.ts";
import { bringUp, type Running } from "../../dev/up.ts";

/** The repository's root. */
export const ROOT: string = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");
/** The sample's namespace. */
export const SAMPLE = "sample";

/** What a program said and how it ended. */
export type Said = { readonly out: string; readonly err: string; readonly code: number };

/** The instance under check. */
export type Bed = {
  readonly running: Running;
  readonly instance: Instance;
  readonly tier: "ebpf" | "nft";
  /** The last lines of the machinery's log. */
  readonly log: readonly string[];
};

/** Brings up the sample, with values of the installation over its defaults. */
export async function startBed(options: {
  readonly name: string;
  readonly tier: Bed["tier"];
  readonly files: readonly string[];
  readonly overrides: Overrides;
  /** Addresses of pods and Services; IPv4 unless given. */
  readonly ipFamily?: IpFamilyChoice;
  readonly version: string;
  report(line: string): void;
}): Promise<Bed> {
  const instance = instanceOf(options.name);
  const filter = new LogFilter();
  filter.set("info");
  const log: string[] = [];
  const logger = createLogger({
    ...{ filter, format: "plain", target: "dev" },
    wall: () => systemClock.wall(),
    write: (line) => {
      log.push(line);
      if (log.length > 200) log.shift();
    },
  });
  const running = await bringUp({
    ...{ instance, logger, clock: systemClock, version: options.version, images: new Map() },
    files: options.files.map((file) => `${ROOT}/${file}`),
    overrides: options.overrides,
    ipFamily: options.ipFamily ?? "ipv4",
    report: options.report,
  });
  return { running, instance, tier: options.tier, log };
}

/** Runs a program of this machine; kubectl and our own command line find the instance by KUBECONFIG. */
export async function run(
  bed: Bed,
  command: readonly string[],
  more: {
    readonly input?: string;
    readonly env?: Record<string, string>;
    readonly timeoutMs?: number;
  } = {},
): Promise<Said> {
  const child = Bun.spawn([...command], {
    env: { ...Bun.env, KUBECONFIG: bed.running.kubeconfigPath, ...more.env },
    stdin: Buffer.from(more.input ?? ""),
    stdout: "pipe",
    stderr: "pipe",
    timeout: more.timeoutMs ?? 60_000,
  });
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { out, err, code };
}

/** As `run`, and throws where it fails. */
export async function must(...call: Parameters<typeof run>): Promise<string> {
  const { out, err, code } = await run(...call);
  if (code !== 0)
    throw new Error(`${call[1].join(" ")} ended with ${code}: ${(err || out).trim().slice(-600)}`);
  return out;
}

/** Our own command line from the checkout. */
export const cli = (...words: string[]): string[] => [
  process.execPath,
  `${ROOT}/main.ts`,
  ...words,
];

/** The pods of an app that are not going away, ready ones first. */
export async function podsOf(bed: Bed, app: string, namespace: string = SAMPLE): Promise<Pod[]> {
  const { items } = await bed.running.client.list(PODS, { namespace });
  return items
    .filter(
      ({ metadata }) =>
        metadata?.labels?.["app"] === app ||
        metadata?.labels?.["linkerd.io/control-plane-component"] === app,
    )
    .filter(({ metadata }) => metadata?.deletionTimestamp === undefined)
    .toSorted((a, b) => Number(isReady(b)) - Number(isReady(a)));
}

/** The first of them; throws where there is none. */
export async function podOf(bed: Bed, app: string, namespace: string = SAMPLE): Promise<Pod> {
  const [first] = await podsOf(bed, app, namespace);
  if (first === undefined) throw new Error(`there is no pod of ${app}`);
  return first;
}

/** Whether its condition Ready holds. */
export function isReady({ status }: Pod): boolean {
  return status?.conditions?.find(({ type }) => type === "Ready")?.status === "True";
}

/** A Service's own address. */
export async function addressOf(
  bed: Bed,
  name: string,
  namespace: string = SAMPLE,
): Promise<string> {
  const service = await bed.running.client.get(SERVICES, { name, namespace });
  const ip = service?.spec?.clusterIP;
  if (ip === undefined) throw new Error(`Service ${name} has no address`);
  return ip;
}

/** A command that runs in a pod's network and cgroup, as if one of its containers had started it. */
export function inPod(bed: Bed, pod: Pod, command: readonly string[]): string[] {
  const uid = pod.metadata?.uid ?? "";
  const join =
    bed.instance.cgroup === undefined
      ? ""
      : `echo 0 > ${bed.instance.cgroup}/kubepods/pod${uid}/cgroup.procs; `;
  const netns = `${bed.instance.root}/host/run/netns/cni-${uid}`;
  return ["sh", "-ec", `${join}exec nsenter --net=${netns} -- "$@"`, "sh", ...command];
}

/** A command in the node's network, outside every pod. */
export function onNode(bed: Bed, command: readonly string[]): string[] {
  return ["nsenter", `--net=${bed.running.nodeNetns}`, "--", ...command];
}

/** The text of a proxy's `/metrics`. */
export async function metricsText(bed: Bed, pod: Pod): Promise<string> {
  const { name, namespace } = pod.metadata ?? {};
  return await bed.running.user.text(
    `/api/v1/namespaces/${namespace}/pods/${name}:4191/proxy/metrics`,
  );
}

/** A proxy's samples. */
export async function scrape(bed: Bed, pod: Pod): Promise<readonly Sample[]> {
  return parseExposition(await metricsText(bed, pod));
}

/** The sum of a family's samples that carry these labels. */
export function sumOf(
  samples: readonly Sample[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number {
  return samples
    .filter((sample) => sample.name === name && matches(sample, labels))
    .reduce((sum, { value }) => sum + value, 0);
}

function matches(sample: Sample, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(labels).every(([key, value]) => labelOf(sample, key) === value);
}

/** A label's value. */
export function labelOf({ labels }: Sample, key: string): string | undefined {
  return (labels as Readonly<Record<string, string>>)[key];
}

/** What the generator has counted. */
export type GeneratorStats = {
  readonly rate: number;
  readonly sent: number;
  readonly ok: number;
  readonly failed: number;
  readonly lost: number;
  readonly errors: Readonly<Record<string, number>>;
};

/** Asks the generator; a rate changes what it sends a second. */
export async function generator(bed: Bed, rate?: number): Promise<GeneratorStats> {
  const { name, namespace } = (await podOf(bed, "generator")).metadata ?? {};
  const path = rate === undefined ? "stats" : `rate?rps=${rate}`;
  return JSON.parse(
    await bed.running.user.text(`/api/v1/namespaces/${namespace}/pods/${name}:8080/proxy/${path}`),
  ) as GeneratorStats;
}

/** Looks again and again until there is something; throws with the last reason after `timeoutMs`. */
export async function until<T>(
  what: string,
  timeoutMs: number,
  look: () => Promise<T | undefined | false>,
): Promise<T> {
  const end = performance.now() + timeoutMs;
  let last = "";
  for (;;) {
    try {
      const found = await look();
      if (found !== undefined && found !== false) return found;
    } catch (error) {
      last = String(error);
    }
    if (performance.now() > end)
      throw new Error(`${what}: not so after ${timeoutMs / 1000} s ${last}`);
    await Bun.sleep(100);
  }
}

/** Throws with this text unless it holds. */
export function expect(holds: boolean, text: string): void {
  if (!holds) throw new Error(text);
}
