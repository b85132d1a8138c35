/** Calls the CNI chain as a container runtime does. */

import { readdirSync, readFileSync } from "node:fs";
import { inNetns } from "#lib/sys/netns.ts";
import { quote } from "./container-script.ts";

/** The node as plugins see it. */
export type CniNode = {
  /** Path of the node's network namespace. */
  readonly netns: string;
  /** The machine's folder that plugins see as `/run`. */
  readonly run: string;
  /** Folder of the configurations, and those where plugins are looked for. */
  readonly configFolder: string;
  readonly pluginFolders: readonly string[];
};

/** A pod's sandbox, as named to plugins. */
export type CniSandbox = {
  readonly containerId: string;
  /** Path of the namespace as plugins see it. */
  readonly netns: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
};

type Plugin = { readonly type: string };
type ConfigList = {
  readonly cniVersion: string;
  readonly name: string;
  readonly plugins: Plugin[];
};
type Result = { readonly ips?: readonly { readonly address: string }[] };

/** Addresses of a pod or a node, one for each family, the primary one first. */
export type Addresses = readonly [string, ...string[]];

/** Milliseconds for one plugin: more than the 10 s that ours may take. */
const PLUGIN_TIMEOUT_MS = 15_000;

/** A plugin refused; `code` is CNI's, 11 asks to try again later. */
export class CniFailure extends Error {
  override readonly name = "CniFailure";
  readonly code: number;

  constructor(message: string, code: number) {
    super(message);
    this.code = code;
  }
}

/** Adds the sandbox to the network and returns its addresses, the primary one first. */
export async function addToNetwork(node: CniNode, sandbox: CniSandbox): Promise<Addresses> {
  const list = readConfig(node.configFolder);
  let previous: Result | undefined;
  for (const plugin of list.plugins)
    previous = await call(node, sandbox, { command: "ADD", list, plugin, previous });
  const [first, ...others] = (previous?.ips ?? []).map(({ address }) =>
    address.replace(/\/.*/, ""),
  );
  if (first === undefined) throw new CniFailure("Cannot add pod to network: no address", 0);
  return [first, ...others];
}

/** Removes it again, last plugin first; what fails is passed over and told at the end. */
export async function removeFromNetwork(node: CniNode, sandbox: CniSandbox): Promise<Error[]> {
  const faults: Error[] = [];
  try {
    const list = readConfig(node.configFolder);
    for (const plugin of list.plugins.toReversed())
      await call(node, sandbox, { command: "DEL", list, plugin, previous: undefined }).catch(
        (error: unknown) => faults.push(asError(error)),
      );
  } catch (error) {
    faults.push(asError(error));
  }
  return faults;
}

const asError = (error: unknown): Error =>
  error instanceof Error ? error : new Error(String(error));

/** The first configuration by name, as runtimes choose it. */
function readConfig(folder: string): ConfigList {
  const [first] = readdirSync(folder)
    .filter((name) => name.endsWith(".conflist"))
    .toSorted();
  if (first === undefined) throw new CniFailure(`Cannot find a network in ${folder}`, 0);
  return JSON.parse(readFileSync(`${folder}/${first}`, "utf8")) as ConfigList;
}

type Call = {
  readonly command: "ADD" | "DEL";
  readonly list: ConfigList;
  readonly plugin: Plugin;
  readonly previous: Result | undefined;
};

async function call(node: CniNode, sandbox: CniSandbox, request: Call): Promise<Result> {
  const { command, list, plugin, previous } = request;
  const { cniVersion, name } = list;
  const config = JSON.stringify({
    ...plugin,
    ...{ cniVersion, name },
    ...(previous !== undefined && { prevResult: previous }),
  });
  const program = findPlugin(node, plugin.type);
  // Opened before the mount, which may hide where the program lies.
  const script = `exec 9< ${quote(program)}; mount --rbind ${quote(node.run)} /run; exec /proc/self/fd/9`;
  const child = inNetns(node.netns, () =>
    Bun.spawn(["unshare", "--mount", "--propagation", "slave", "sh", "-ec", script], {
      env: environment(node, sandbox, command),
      stdin: Buffer.from(config),
      stdout: "pipe",
      stderr: "pipe",
      timeout: PLUGIN_TIMEOUT_MS,
      killSignal: "SIGKILL",
    }),
  );
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (code === 0) return out.trim() === "" ? {} : (JSON.parse(out) as Result);
  throw failureOf(`${command} by ${plugin.type}`, out === "" ? err : out);
}

function failureOf(what: string, answer: string): CniFailure {
  try {
    const {
      code,
      msg,
      details = "",
    } = JSON.parse(answer) as { code: number; msg: string; details?: string };
    return new CniFailure(`Cannot ${what}: ${msg} ${details}`.trim(), code);
  } catch {
    return new CniFailure(`Cannot ${what}: ${answer.trim() || "it ended without an answer"}`, 0);
  }
}

function environment(node: CniNode, sandbox: CniSandbox, command: string): Record<string, string> {
  const { namespace, name, uid, containerId } = sandbox;
  return {
    PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
    CNI_COMMAND: command,
    CNI_CONTAINERID: containerId,
    CNI_NETNS: sandbox.netns,
    CNI_IFNAME: "eth0",
    CNI_PATH: node.pluginFolders.join(":"),
    CNI_ARGS: `IgnoreUnknown=1;K8S_POD_NAMESPACE=${namespace};K8S_POD_NAME=${name};K8S_POD_INFRA_CONTAINER_ID=${containerId};K8S_POD_UID=${uid}`,
  };
}

function findPlugin(node: CniNode, type: string): string {
  const found = node.pluginFolders
    .map((folder) => `${folder}/${type}`)
    .find((path) => Bun.which(path) !== null);
  if (found === undefined)
    throw new CniFailure(`Cannot find plugin ${type} in ${node.pluginFolders.join(", ")}`, 0);
  return found;
}
