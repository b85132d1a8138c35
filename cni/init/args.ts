/** Flags of Linkerd's `proxy-init`, as a genuine control plane's injector gives them. */

import { EXEMPT, listed, PROXY_UID, planRedirect, type RedirectPlan } from "../redirect/plan.ts";

/** What it is asked for. */
export interface InitArgs {
  readonly plan: RedirectPlan;
  /** By which rules, where not both may be tried. */
  readonly mode: "nft" | "iptables" | "auto";
  readonly ipv6: boolean;
  /** Only says what it would write. */
  readonly simulate: boolean;
  /** Another network namespace than its own. */
  readonly netns: string | undefined;
  /** Seconds that a connection stays half-closed in the kernel's table; as it is where 0. */
  readonly closeWaitSeconds: number;
}

const DEFAULTS: Readonly<Record<string, string>> = {
  "incoming-proxy-port": "4143",
  "outgoing-proxy-port": "4140",
  "proxy-uid": String(PROXY_UID),
  "proxy-gid": "",
  "ports-to-redirect": "",
  "inbound-ports-to-ignore": "",
  "outbound-ports-to-ignore": "",
  "subnets-to-ignore": "",
  "iptables-mode": "",
  "firewall-bin-path": "",
  "firewall-save-bin-path": "",
  ipv6: "true",
  simulate: "false",
  netns: "",
  "use-wait-flag": "false",
  "timeout-close-wait-secs": "0",
  "log-level": "info",
  "log-format": "plain",
};
const SWITCHES = ["ipv6", "simulate", "use-wait-flag"];

/** Reads them; a text says what cannot be used. */
export function parseInit(words: readonly string[]): InitArgs | string {
  const flags = readFlags(words);
  if (typeof flags === "string") return flags;
  const get = (name: string): string => flags.get(name) ?? DEFAULTS[name] ?? "";
  if (get("ports-to-redirect") !== "")
    return "--ports-to-redirect cannot be used: all ports are redirected but those to ignore";
  const seconds = get("timeout-close-wait-secs");
  if (!/^\d+$/.test(seconds)) return `--timeout-close-wait-secs cannot be ${seconds}`;
  const plan = readPlan(get);
  if (typeof plan === "string") return plan;
  return {
    plan,
    mode: readMode(get),
    ipv6: get("ipv6") !== "false",
    simulate: get("simulate") === "true",
    netns: get("netns") || undefined,
    closeWaitSeconds: Number(seconds),
  };
}

function readMode(get: (name: string) => string): InitArgs["mode"] {
  const mode = get("iptables-mode");
  if (mode === "nft" || get("firewall-bin-path").includes("nft")) return "nft";
  return mode === "" ? "auto" : "iptables";
}

function readPlan(get: (name: string) => string): RedirectPlan | string {
  const annotations = {
    "config.linkerd.io/proxy-uid": get("proxy-uid"),
    "config.linkerd.io/inbound-port": get("incoming-proxy-port"),
    "config.linkerd.io/outbound-port": get("outgoing-proxy-port"),
  };
  const exempt = {
    ...EXEMPT,
    inboundPorts: listed(get("inbound-ports-to-ignore")),
    outboundPorts: listed(get("outbound-ports-to-ignore")),
    subnets: listed(get("subnets-to-ignore")),
  };
  try {
    const pod = { annotations, namespaceAnnotations: {}, controlPlane: false };
    return planRedirect(pod, exempt);
  } catch (error) {
    return String((error as Error).message);
  }
}

function readFlags(words: readonly string[]): Map<string, string> | string {
  const flags = new Map<string, string>();
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    const [, given = "", inline] = /^--?([\w-]+)(?:=(.*))?$/s.exec(word) ?? [];
    const name =
      { p: "incoming-proxy-port", o: "outgoing-proxy-port", u: "proxy-uid", w: "use-wait-flag" }[
        given
      ] ?? given;
    if (DEFAULTS[name] === undefined) return `${word} is not known`;
    const value = inline ?? (SWITCHES.includes(name) ? "true" : words[++at]);
    if (value === undefined) return `--${name} has no value`;
    flags.set(name, value);
  }
  return flags;
}
