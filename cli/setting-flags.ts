/** Flags of `install` and its kin that set one value each, by Linkerd's names. */

import { type Command, InvalidArgumentError, Option } from "commander";
import type { Overrides } from "../deploy/values.ts";
import type { Context } from "./context.ts";
import { assign, type Tree } from "./install-values.ts";
import { addToldFlags, idle, older, type ToldFlag } from "./told-flags.ts";

/** What a flag takes: a text, a number, or nothing and then the value is false. */
type Kind = "text" | "number" | "off";
/** The flag, the values that it sets, what it takes, and its line of help. */
type Setting = readonly [flags: string, paths: readonly string[], kind: Kind, help: string];

const quantities = (which: "cpu" | "memory", what: string): readonly Setting[] =>
  (["request", "limit"] as const).map(
    (kind): Setting => [
      `--proxy-${which}-${kind} <quantity>`,
      [`proxy.resources.${which}.${kind}`],
      "text",
      `${what} that a proxy ${kind === "request" ? "requests" : "may use"}`,
    ],
  );

/** Of the control plane. */
export const CONTROL_PLANE_SETTINGS: readonly Setting[] = [
  ["--controller-uid <id>", ["controllerUID"], "number", "User that controllers run as"],
  ["--disable-h2-upgrade", ["enableH2Upgrade"], "off", "No HTTP/2 between proxies for HTTP/1"],
  [
    "--image-pull-policy <policy>",
    ["imagePullPolicy", "proxy.image.pullPolicy"],
    "text",
    "Always, IfNotPresent or Never",
  ],
  ["--admin-port <port>", ["proxy.ports.admin"], "number", "Proxy port to serve metrics on"],
  ["--control-port <port>", ["proxy.ports.control"], "number", "Proxy port to use for control"],
  ["--inbound-port <port>", ["proxy.ports.inbound"], "number", "Proxy port for inbound traffic"],
  ["--outbound-port <port>", ["proxy.ports.outbound"], "number", "Proxy port for outbound traffic"],
  ["--proxy-image <name>", ["proxy.image.name"], "text", "Proxy container image name"],
  ["-v, --proxy-version <tag>", ["proxy.image.version"], "text", "Tag of the proxy image"],
  ["--proxy-uid <id>", ["proxy.uid"], "number", "User that proxies run as"],
  ...quantities("cpu", "CPU units"),
  ...quantities("memory", "Memory"),
];

/** Of the node agent. */
export const CNI_SETTINGS: readonly Setting[] = [
  [
    "--skip-inbound-ports <ports>",
    ["proxyInit.ignoreInboundPorts"],
    "text",
    "Inbound ports that no proxy sees",
  ],
  [
    "--skip-outbound-ports <ports>",
    ["proxyInit.ignoreOutboundPorts"],
    "text",
    "Outbound ports that no proxy sees",
  ],
  ["-v, --linkerd-version <tag>", ["controllerImageVersion"], "text", "Tag of the agent's image"],
];

const AGENT_REDIRECTS = "the node agent redirects: give it to bunkerd install-cni";
const FROM_POD = "the node agent reads it off each pod, where the injector writes it";

/** Flags of `install` and `upgrade` that change nothing. */
export const CONTROL_PLANE_TOLD: readonly ToldFlag[] = [
  ["--controller-gid <id>", idle("the group is that of --controller-uid")],
  ["--disable-heartbeat", idle("nothing is reported to anybody")],
  ["--enable-endpoint-slices", idle("EndpointSlices are always used")],
  ["--enable-external-profiles", idle("names outside of the cluster have no ServiceProfiles")],
  ["--linkerd-cni-enabled", idle("there is a node agent always: bunkerd install-cni prints it")],
  ["--proxy-gid <id>", idle("annotation config.linkerd.io/proxy-gid sets it for a pod")],
  ["--skip-inbound-ports <ports>", idle(AGENT_REDIRECTS)],
  ["--skip-outbound-ports <ports>", idle(AGENT_REDIRECTS)],
  older("--proxy-cpu <quantity>", "--proxy-cpu-request"),
  older("--proxy-memory <quantity>", "--proxy-memory-request"),
];

/** Flags of `install-cni` that change nothing. */
export const CNI_TOLD: readonly ToldFlag[] = [
  ["--admin-port <port>", idle(FROM_POD)],
  ["--control-port <port>", idle(FROM_POD)],
  ["--inbound-port <port>", idle(FROM_POD)],
  ["--outbound-port <port>", idle(FROM_POD)],
  ["--proxy-uid <id>", idle(FROM_POD)],
  ["--proxy-gid <id>", idle("traffic is told apart by the proxy's user")],
  ["--redirect-ports <ports>", idle("all ports are redirected, those that are skipped aside")],
  ["--use-wait-flag", idle("rules are written as a whole, without a lock to wait for")],
];

/** Declares flags, and those that are only told of. */
export function addSettingFlags(
  command: Command,
  context: Context,
  flags: { readonly settings: readonly Setting[]; readonly told: readonly ToldFlag[] },
): Command {
  for (const [text, , kind, help] of flags.settings) {
    const option = new Option(text, help);
    command.addOption(kind === "number" ? option.argParser(readNumber) : option);
  }
  return addToldFlags(command, context, flags.told);
}

function readNumber(text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new InvalidArgumentError("it is not a number.");
  return Number(text);
}

/** What the given flags set. */
export function settingOverrides(
  given: Readonly<Record<string, unknown>>,
  settings: readonly Setting[],
): Overrides {
  const tree: Tree = {};
  for (const [text, paths, kind] of settings) {
    const value = given[new Option(text).attributeName()];
    if (value === undefined) continue;
    for (const path of paths) assign(tree, { path, value: kind === "off" ? false : value });
  }
  return tree as Overrides;
}
