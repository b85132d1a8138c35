/** Flags and environment of the node agent. */

import { LEVELS } from "#lib/log/log-filter.ts";
import { verificationProblem } from "#lib/tls/verification.ts";
import { REDIRECTS } from "./apply/choose.ts";
import { EXEMPT, type Exempt, listed, planRedirect } from "./redirect/plan.ts";

/** What the agent is started with. */
export interface AgentArgs {
  readonly redirect: (typeof REDIRECTS)[number];
  readonly cgroupRoot: string;
  readonly bpfRoot: string;
  readonly cniBinDir: string;
  readonly cniConfDir: string;
  readonly runDir: string;
  /** The run folder as the host sees it, where that differs. */
  readonly hostRunDir: string;
  readonly nodeName: string;
  /** The agent's own pod; empty where it is none. */
  readonly podUid: string;
  /** The namespace of that pod; empty where it is none. */
  readonly podNamespace: string;
  /** Where the runtime names the network namespaces of pods. */
  readonly netnsDir: string;
  readonly adminAddr: { readonly ip: string; readonly port: number };
  readonly logLevel: string;
  readonly logFormat: "plain" | "json";
  readonly exempt: Exempt;
  /** Where the API server is, for a pod. */
  readonly api: { readonly host: string | undefined; readonly port: string | undefined };
}

/** What was asked for. */
export type ParsedArgs =
  | { readonly type: "agent" | "cleanup"; readonly args: AgentArgs }
  | { readonly type: "help" }
  | { readonly type: "error"; readonly message: string };

const DEFAULTS: Readonly<Record<string, string>> = {
  redirect: "auto",
  "cgroup-root": "/sys/fs/cgroup",
  "bpf-root": "/sys/fs/bpf",
  "cni-bin-dir": "/opt/cni/bin",
  "cni-conf-dir": "/etc/cni/net.d",
  "run-dir": "/run/linkerd-cni",
  "host-run-dir": "",
  "node-name": "",
  "netns-dir": "/run/netns",
  "admin-addr": ":9998",
  "ignore-inbound-ports": EXEMPT.inboundPorts.join(","),
  "ignore-outbound-ports": EXEMPT.outboundPorts.join(","),
  "kube-api-server-ports": EXEMPT.apiServerPorts.join(","),
  "skip-subnets": EXEMPT.subnets.join(","),
  "log-level": "info",
  "log-format": "plain",
};

/** The text of `--help`. */
export const HELP: string = `bunkerd cni            runs the node agent
bunkerd cni cleanup    removes all it left on the node: configuration, programs, redirections

${Object.entries(DEFAULTS)
  .map(([name, value]) => `  --${name}=${value}`)
  .join("\n")}

--redirect is one of ${REDIRECTS.join(", ")}. --node-name is NODE_NAME unless given.

Example: NODE_NAME=node-1 bunkerd cni --redirect=nft
`;

/** The process's own environment. */
export function agentVariables(): Readonly<Record<string, string | undefined>> {
  return process.env;
}

/** Reads `--name=value`, `-name=value` or `--name value`; the variables give what no flag gives. */
export function parseArgs(
  words: readonly string[],
  variables: Readonly<Record<string, string | undefined>>,
): ParsedArgs {
  const cleanup = words[0] === "cleanup";
  const flags = readFlags(cleanup ? words.slice(1) : words);
  if (typeof flags === "string")
    return flags === "help" ? { type: "help" } : { type: "error", message: flags };
  const args = readArgs((name) => flags.get(name) ?? DEFAULTS[name] ?? "", variables);
  if (typeof args === "string") return { type: "error", message: args };
  if (cleanup) return { type: "cleanup", args };
  if (args.nodeName === "")
    return { type: "error", message: "--node-name is not given, and NODE_NAME is not set" };
  const problem = verificationProblem(variables);
  if (problem !== undefined) return { type: "error", message: problem };
  return { type: "agent", args };
}

/** The values, or what is wrong with one. */
function readArgs(
  get: (name: string) => string,
  variables: Readonly<Record<string, string | undefined>>,
): AgentArgs | string {
  const redirect = REDIRECTS.find((each) => each === get("redirect"));
  if (redirect === undefined) return wrong("redirect", get("redirect"));
  const logFormat = (["plain", "json"] as const).find((each) => each === get("log-format"));
  if (logFormat === undefined) return wrong("log-format", get("log-format"));
  const logLevel = LEVELS.find((level) => level === get("log-level"));
  if (logLevel === undefined) return wrong("log-level", get("log-level"));
  const adminAddr = readAddr(get("admin-addr"));
  if (adminAddr === undefined) return wrong("admin-addr", get("admin-addr"));
  const exempt = readExempt((name) => listed(get(name)));
  if (typeof exempt === "string") return exempt;
  return {
    redirect,
    exempt,
    cgroupRoot: get("cgroup-root"),
    bpfRoot: get("bpf-root"),
    cniBinDir: get("cni-bin-dir"),
    cniConfDir: get("cni-conf-dir"),
    runDir: get("run-dir"),
    hostRunDir: get("host-run-dir") || get("run-dir"),
    nodeName: get("node-name") || (variables["NODE_NAME"] ?? ""),
    podUid: variables["POD_UID"] ?? "",
    podNamespace: variables["POD_NAMESPACE"] ?? "",
    netnsDir: get("netns-dir"),
    adminAddr,
    logLevel,
    logFormat,
    api: {
      host: variables["KUBERNETES_SERVICE_HOST"],
      port: variables["KUBERNETES_SERVICE_PORT"],
    },
  };
}

/** What every pod's plan can be made with, or what is wrong with it. */
function readExempt(get: (name: string) => readonly string[]): Exempt | string {
  const exempt = {
    inboundPorts: get("ignore-inbound-ports"),
    outboundPorts: get("ignore-outbound-ports"),
    apiServerPorts: get("kube-api-server-ports"),
    subnets: get("skip-subnets"),
  };
  try {
    planRedirect({ annotations: {}, namespaceAnnotations: {}, controlPlane: true }, exempt);
    return exempt;
  } catch (error) {
    return `${String((error as Error).message)}, by a flag`;
  }
}

const wrong = (name: string, value: string): string => `--${name} cannot be "${value}"`;

function readFlags(words: readonly string[]): Map<string, string> | string {
  const flags = new Map<string, string>();
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    const [, name, inline] = /^--?([a-z-]+)(?:=(.*))?$/s.exec(word) ?? [];
    if (name === "help" || name === "h") return "help";
    if (name === undefined || DEFAULTS[name] === undefined) return `${word} is not known`;
    const value = inline ?? words[++at];
    if (value === undefined) return `--${name} has no value`;
    flags.set(name, value);
  }
  return flags;
}

/** `ip:port` or `:port`. */
function readAddr(text: string): { ip: string; port: number } | undefined {
  const [, ip = "", port = ""] = /^(.*):(\d{1,5})$/.exec(text) ?? [];
  if (port === "" || Number(port) > 0xffff) return undefined;
  return { ip: ip.replace(/^\[|\]$/g, "") || "::", port: Number(port) };
}
