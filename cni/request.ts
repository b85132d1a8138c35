/** CNI_* and the configuration of one call, parsed and checked. */

import { CniCode, type CniCodeNumber, CniError, SUPPORTED_VERSIONS } from "./result.ts";
import type { WireRequest } from "./wire.ts";

/** The operations of the specification. */
export const COMMANDS = ["ADD", "DEL", "CHECK", "GC", "STATUS", "VERSION"] as const;

/** One of them. */
export type Command = (typeof COMMANDS)[number];

/** Where a sandbox's interface belongs: a container and the interface in it. */
export interface Sandbox {
  readonly containerId: string;
  readonly ifname: string;
}

/** Who the pod is, as the runtime says. */
export interface PodName {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string | undefined;
}

/** The result of the plugins before us. */
export interface PrevResult {
  readonly ips?: readonly { readonly address?: string; readonly gateway?: string }[];
}

/** A call whose parts have the form the specification asks for. */
export interface CniRequest extends Sandbox {
  readonly command: Command;
  /** Empty where the namespace is gone (DEL). */
  readonly netns: string;
  /** Undefined where the runtime is not Kubernetes'. */
  readonly pod: PodName | undefined;
  readonly cniVersion: string;
  readonly prevResult: PrevResult | undefined;
  /** The live sandboxes of a GC. */
  readonly valid: readonly Sandbox[];
}

/** Part of a file's name, so bounded; runtimes use 64 characters. */
const CONTAINER_ID = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,199}$/;
const IFNAME = /^[^\s/:]{1,15}$/;
const NEEDS_SANDBOX: ReadonlySet<Command> = new Set(["ADD", "DEL", "CHECK"]);

/** Reads a call. Throws CniError with the specification's code. */
export function readRequest(wire: WireRequest): CniRequest {
  const config = readConfig(wire.config);
  const cniVersion = config["cniVersion"] ?? "0.1.0";
  if (typeof cniVersion !== "string" || !isSupported(cniVersion))
    throw wrong("incompatibleVersion", `version ${String(cniVersion)} is not supported`);
  const command = COMMANDS.find((each) => each === wire.command);
  if (command === undefined) throw wrong("invalidEnvironment", `CNI_COMMAND is ${wire.command}`);
  if (NEEDS_SANDBOX.has(command)) checkSandbox(wire, command);
  const prevResult = readPrevResult(config["prevResult"]);
  if (prevResult === undefined && (command === "ADD" || command === "CHECK"))
    throw wrong("invalidConfig", "there is no prevResult: the plugin must be chained");
  return {
    command,
    containerId: wire.containerId,
    ifname: wire.ifname,
    // The host has /var/run as a link to /run; the agent's image need not.
    netns: wire.netns.replace(/^\/var\/run\//, "/run/"),
    pod: readArgs(wire.args),
    cniVersion,
    prevResult,
    valid: command === "GC" ? readValid(config["cni.dev/valid-attachments"]) : [],
  };
}

/** The version a configuration names, for the answer to a call that cannot be read otherwise. */
export function versionOf(config: string): string {
  try {
    const version = readConfig(config)["cniVersion"];
    return typeof version === "string" ? version : "1.0.0";
  } catch {
    return "1.0.0";
  }
}

const wrong = (code: keyof typeof CniCode, state: string): CniError =>
  new CniError(`Cannot serve the call: ${state}`, { code: CniCode[code] satisfies CniCodeNumber });

const isSupported = (version: string): boolean =>
  SUPPORTED_VERSIONS.some((each) => each === version);

function readConfig(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw wrong("decodingFailure", "the configuration is no JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw wrong("decodingFailure", "the configuration is no object");
  return value as Record<string, unknown>;
}

function checkSandbox({ containerId, ifname, netns }: WireRequest, command: Command): void {
  if (!CONTAINER_ID.test(containerId))
    throw wrong("invalidEnvironment", `CNI_CONTAINERID is "${containerId}"`);
  if (!IFNAME.test(ifname)) throw wrong("invalidEnvironment", `CNI_IFNAME is "${ifname}"`);
  if (netns === "" && command !== "DEL") throw wrong("invalidEnvironment", "CNI_NETNS is empty");
}

function readArgs(text: string): PodName | undefined {
  const args = new Map(
    text.split(";").map((pair): [string, string] => {
      const at = pair.indexOf("=");
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
  const [namespace, name] = [args.get("K8S_POD_NAMESPACE"), args.get("K8S_POD_NAME")];
  if (namespace === undefined || name === undefined) return undefined;
  return { namespace, name, uid: args.get("K8S_POD_UID") || undefined };
}

function readPrevResult(value: unknown): PrevResult | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== "object" || value === null)
    throw wrong("decodingFailure", "prevResult is no object");
  const { ips } = value as { readonly ips?: unknown };
  if (ips !== undefined && !Array.isArray(ips))
    throw wrong("decodingFailure", "prevResult has ips that are no list");
  return value as PrevResult;
}

function readValid(value: unknown): Sandbox[] {
  // Absence is no empty list: it would end every redirection of the node.
  if (!Array.isArray(value)) throw wrong("invalidConfig", "there is no list of valid attachments");
  return value.map((each: { readonly containerID?: unknown; readonly ifname?: unknown } | null) => {
    const [containerId, ifname] = [each?.containerID, each?.ifname];
    if (typeof containerId !== "string" || typeof ifname !== "string")
      throw wrong("decodingFailure", "a valid attachment has no containerID or ifname");
    return { containerId, ifname };
  });
}
