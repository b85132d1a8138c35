/** The cluster that the suites run on: one of this machine, or whichever a kubeconfig names. */

import { existsSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { IMAGE } from "../../deploy/image/environment.ts";
import { writeImage } from "../../deploy/image/main.ts";
import { compile } from "../../deploy/image/program.ts";
import manifest from "../../package.json" with { type: "json" };
import { writeAppImage } from "./app/image.ts";
import { output, type ShellOptions } from "./shell.ts";
import { type Snapshot, takeSnapshot } from "./snapshot.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const CLUSTER = `${ROOT}test/e2e/cluster/cluster`;
const DIST = `${ROOT}dist/e2e`;
const BIN = `${DIST}/bin`;

/** A cluster, and a shell in which `kubectl` and `bunkerd` are at home. */
export interface Place {
  /** Runs a line as a user would type it. */
  shell(line: string, options?: ShellOptions): Promise<string>;
  /** Tells a figure that was seen. */
  readonly say: (line: string) => void;
  /** What is below the cluster; undefined where that is out of reach. */
  readonly below: Below | undefined;
  stop(): Promise<void>;
}

/** The machines of a cluster and what runs on them. */
export interface Below {
  /** What the cluster held when it was new. */
  readonly atStart: Snapshot;
  /** What a command prints in the network where traffic between nodes passes. */
  onSwitch(line: string): Promise<string>;
  /** What a command prints as root on a node: n1, n2. */
  onNode(node: string, line: string): Promise<string>;
  /** Ends a component, such as `apiserver` or `n1-kubelet`, or starts it again. */
  outage(verb: "stop" | "start", component: string): Promise<void>;
  /** Builds another version, brings its image to the nodes, and says what its command line is called. */
  provide(version: string): Promise<string>;
  /** Cuts a node off with all that runs on it, for good. */
  lose(node: string): Promise<void>;
}

/** Whatever cluster a context names; nothing of it is started or stopped, and the image must be within its reach. */
export async function contextPlace(context: string, say: (line: string) => void): Promise<Place> {
  await programs();
  const line = (text: string): string[] => ["bash", "-euo", "pipefail", "-c", text];
  const view = ["config", "view", "--raw", "--minify", "--flatten", "--context", context];
  await Bun.write(`${DIST}/kubeconfig`, await output(["kubectl", ...view]));
  const env = { PATH: `${BIN}:${Bun.env["PATH"] ?? ""}`, KUBECONFIG: `${DIST}/kubeconfig` };
  return {
    shell: (text, options) => output(line(text), { ...options, env }),
    say,
    below: undefined,
    stop: () => Promise.resolve(),
  };
}

/** A cluster of so many nodes on this machine, with the image in each. */
export async function ownPlace(nodes: number, say: (line: string) => void): Promise<Place> {
  say("Building the cluster: the first time it takes 10 minutes");
  await output([CLUSTER, "build"]);
  say("Building the image");
  await Promise.all([programs(), images()]);
  say(`Starting ${nodes} nodes`);
  await output([CLUSTER, "up", String(nodes)]);
  await output([CLUSTER, "load", `${DIST}/image.tar`, `${DIST}/app.tar`]);
  const line = (text: string): string[] => [
    ...[CLUSTER, "run", "env", `PATH=${BIN}:${Bun.env["PATH"] ?? ""}`],
    ...["bash", "-euo", "pipefail", "-c", text],
  ];
  const shell: Place["shell"] = (text, options) => output(line(text), options);
  const reach: Omit<Below, "atStart"> = {
    onSwitch: (text) => output([CLUSTER, "run", "sh", "-ec", text]),
    onNode: (node, text) => output([CLUSTER, "exec", node, "sh", "-ec", text]),
    outage: async (verb, component) => void (await output([CLUSTER, verb, component])),
    provide,
    lose: async (node) => void (await output([CLUSTER, "lose", node])),
  };
  return {
    ...{ shell, say },
    below: { ...reach, atStart: await takeSnapshot({ shell }, reach) },
    stop: async () => void (await output([CLUSTER, "down"])),
  };
}

/** Versions that are there already. */
const provided = new Set<string>();

async function provide(version: string): Promise<string> {
  const name = `bunkerd-${version}`;
  if (provided.has(version)) return name;
  provided.add(version);
  await compile(`${ROOT}main.ts`, `${BIN}/${name}`, { version });
  await writeImage(`${DIST}/${name}.tar`, { name: IMAGE, version });
  await output([CLUSTER, "load", `${DIST}/${name}.tar`]);
  return name;
}

/** What a user has in the path. */
async function programs(): Promise<void> {
  mkdirSync(BIN, { recursive: true });
  await compile(`${ROOT}main.ts`, `${BIN}/bunkerd`);
  const built = `${Bun.env["KUBE_HOME"] ?? `${Bun.env["HOME"]}/.cache/bunkerd-kube`}/bin`;
  for (const name of ["kubectl", "prometheus-discovery"]) {
    if (!existsSync(`${built}/${name}`)) continue;
    // One of an earlier run may lead nowhere.
    rmSync(`${BIN}/${name}`, { force: true });
    symlinkSync(`${built}/${name}`, `${BIN}/${name}`);
  }
}

async function images(): Promise<void> {
  await writeImage(`${DIST}/image.tar`, { name: IMAGE, version: manifest.version });
  await writeAppImage(`${DIST}/app.tar`);
}
