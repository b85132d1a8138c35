/** The flags of `inject` that become annotations of pods. */

import { InvalidArgumentError, Option } from "commander";

type Kind = "text" | "port" | "ports" | "number" | "policy" | "switch" | "pull";

/** Flag, the annotation after `config.linkerd.io/`, what it takes, and the line of help. */
const FLAGS: readonly (readonly [string, string, Kind, string])[] = [
  ["admin-port", "admin-port", "port", "Proxy port to serve metrics on"],
  ["control-port", "control-port", "port", "Proxy port to use for control"],
  ["inbound-port", "inbound-port", "port", "Proxy port to use for inbound traffic"],
  ["outbound-port", "outbound-port", "port", "Proxy port to use for outbound traffic"],
  ["opaque-ports", "opaque-ports", "ports", "Ports to be proxied as opaque TCP"],
  ["skip-inbound-ports", "skip-inbound-ports", "ports", "Ports that skip the proxy, inbound"],
  ["skip-outbound-ports", "skip-outbound-ports", "ports", "Ports that skip the proxy, outbound"],
  [
    "require-identity-on-inbound-ports",
    "proxy-require-identity-inbound-ports",
    "ports",
    "Inbound ports that require proxy identity",
  ],
  ["default-inbound-policy", "default-inbound-policy", "policy", "Inbound policy of the pods"],
  ["proxy-image", "proxy-image", "text", "Proxy container image name"],
  ["proxy-version", "proxy-version", "text", "Tag of the proxy image"],
  ["image-pull-policy", "image-pull-policy", "pull", "Always, IfNotPresent or Never"],
  ["proxy-uid", "proxy-uid", "number", "Run the proxy under this user ID"],
  ["proxy-gid", "proxy-gid", "number", "Run the proxy under this group ID"],
  ["proxy-log-level", "proxy-log-level", "text", "Log level of the proxy"],
  ["proxy-cpu-request", "proxy-cpu-request", "text", "CPU units that the proxy requests"],
  ["proxy-cpu-limit", "proxy-cpu-limit", "text", "CPU units that the proxy may use"],
  ["proxy-memory-request", "proxy-memory-request", "text", "Memory that the proxy requests"],
  ["proxy-memory-limit", "proxy-memory-limit", "text", "Memory that the proxy may use"],
  [
    "wait-before-exit-seconds",
    "../config.alpha.linkerd.io/proxy-wait-before-exit-seconds",
    "number",
    "Seconds that the proxy stays alive after SIGTERM",
  ],
  ["enable-external-profiles", "enable-external-profiles", "switch", "No effect in this version"],
  [
    "native-sidecar",
    "../config.beta.linkerd.io/proxy-enable-native-sidecar",
    "switch",
    "As native sidecar",
  ],
];

const POLICIES: readonly string[] = [
  "all-unauthenticated",
  "all-authenticated",
  "cluster-unauthenticated",
  "cluster-authenticated",
  "deny",
  "audit",
];
const PULL: readonly string[] = ["Always", "IfNotPresent", "Never"];
const MAX_PORT = 0xffff;

const CHECKS: Readonly<Record<Kind, (text: string) => string | undefined>> = {
  text: (text) => (text === "" ? "is empty" : undefined),
  port: (text) => (isPort(text) ? undefined : "is not a port"),
  ports: (text) =>
    text.split(",").every((range) => range.trim().split("-").every(isPort))
      ? undefined
      : "is not a list of ports and ranges",
  number: (text) => (/^\d+$/.test(text) ? undefined : "is not a number"),
  policy: (text) => (POLICIES.includes(text) ? undefined : `is not one of ${POLICIES.join(", ")}`),
  pull: (text) => (PULL.includes(text) ? undefined : `is not one of ${PULL.join(", ")}`),
  switch: () => undefined,
};

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) > 0 && Number(text) <= MAX_PORT;
}

/** The options as commander takes them. */
export function injectFlags(): Option[] {
  return FLAGS.map(([flag, , kind, help]) => {
    const short = flag === "proxy-version" ? "-v, " : "";
    if (kind === "switch") return new Option(`--${flag}`, help);
    return new Option(`${short}--${flag} <${kind}>`, help).argParser((text: string) => {
      const problem = CHECKS[kind](text);
      if (problem !== undefined) throw new InvalidArgumentError(`it ${problem}.`);
      return text;
    });
  });
}

/** The annotations that the given options stand for. */
export function flagAnnotations(
  options: Readonly<Record<string, unknown>>,
): Record<string, string> {
  const annotations: Record<string, string> = {};
  for (const [flag, key] of FLAGS) {
    const name = flag.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
    const value = options[name];
    if (value === undefined) continue;
    annotations[key.startsWith("../") ? key.slice("../".length) : `config.linkerd.io/${key}`] =
      String(value);
  }
  return annotations;
}
