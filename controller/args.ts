/** Flags of the controllers' roles, spelled as Linkerd's (control-plane.md, section 1), and their environment. */

import { LEVELS, LogFilter } from "#lib/log/log-filter.ts";
import { parseGoDuration } from "#lib/time/duration.ts";
import { verificationProblem } from "#lib/tls/verification.ts";
import type { ValidatorArgs } from "./admission/serve.ts";
import { DEFAULT_POLICIES } from "./core/default-policy.ts";
import type { Http2Params } from "./core/http2-params.ts";
import { readHttp2Params } from "./index/http2-params.ts";
import { INJECTOR_FLAGS } from "./injector/args.ts";
import type { DestinationArgs } from "./roles/destination.ts";
import type { IdentityArgs } from "./roles/identity.ts";
import type { ListenAddr, RoleArgs } from "./runtime/role.ts";

/** What the process itself needs beside its role. */
export type ProcessArgs = {
  readonly logLevel: string;
  readonly logFormat: "plain" | "json";
  /** Where the API server is, for a pod. */
  readonly api: { readonly host: string | undefined; readonly port: string | undefined };
};

/** What was asked for, or what is wrong with it. */
export type Parsed<A> =
  | { readonly type: "args"; readonly args: A & ProcessArgs }
  | { readonly type: "help" }
  | { readonly type: "error"; readonly message: string };

type Defaults = Readonly<Record<string, string>>;

const COMMON: Defaults = {
  "controller-namespace": "linkerd",
  "identity-trust-domain": "cluster.local",
  "log-level": "info",
  "log-format": "plain",
  kubeconfig: "",
};

/** RFC 1918, RFC 6598 and unique local addresses, as Linkerd's chart has them. */
const CLUSTER_NETWORKS = "10.0.0.0/8,100.64.0.0/10,172.16.0.0/12,192.168.0.0/16,fd00::/8";

const DESTINATION: Defaults = {
  ...COMMON,
  addr: ":8086",
  "grpc-addr": "[::]:8090",
  "metrics-addr": ":9996",
  "admin-addr": "",
  "cluster-domain": "cluster.local",
  "identity-domain": "",
  "default-opaque-ports": "25,587,3306,4444,5432,6379,9300,11211",
  "enable-h2-upgrade": "true",
  "outbound-transport-mode": "transport-header",
  "default-policy": "all-unauthenticated",
  "cluster-networks": CLUSTER_NETWORKS,
  "probe-networks": "0.0.0.0/0,::/0",
  "global-egress-network-namespace": "linkerd-egress",
  "meshed-http2-client-params": "",
  "control-plane-namespace": "",
  "enable-endpoint-slices": "true",
  "enable-ipv6": "true",
  "admission-controller-disabled": "false",
  "policy-validator-addr": ":9443",
  "policy-validator-tls-dir": "/var/run/linkerd/policy-validator-tls",
  "sp-validator-addr": ":8443",
  "sp-validator-tls-dir": "/var/run/linkerd/sp-validator-tls",
};

const IDENTITY: Defaults = {
  ...COMMON,
  addr: ":8080",
  "admin-addr": ":9990",
  "identity-issuance-lifetime": "24h",
  "identity-clock-skew-allowance": "20s",
  "identity-scheme": "linkerd.io/tls",
  "identity-issuer-dir": "/var/run/linkerd/identity/issuer",
  "identity-trust-anchors-file": "/var/run/linkerd/identity/trust-roots/ca-bundle.crt",
};

/** The process's own environment. */
export function controllerVariables(): Variables {
  return process.env;
}

type Variables = Readonly<Record<string, string | undefined>>;

/** Flags of `controller destination`. */
export function parseDestination(
  words: readonly string[],
  variables: Variables,
): Parsed<DestinationArgs> {
  return parse({ words, defaults: DESTINATION }, (flags) => ({
    ...common(flags, {
      variables,
      adminAddr: flags.text("admin-addr") || flags.text("metrics-addr"),
    }),
    controllerNamespace:
      flags.text("control-plane-namespace") || flags.text("controller-namespace"),
    trustDomain: flags.text("identity-domain") || flags.text("identity-trust-domain"),
    addr: flags.addr("addr"),
    policyAddr: flags.addr("grpc-addr"),
    clusterDomain: flags.text("cluster-domain"),
    opaquePorts: flags.text("default-opaque-ports"),
    h2Upgrade: flags.switch("enable-h2-upgrade"),
    transportHeader:
      flags.choice("outbound-transport-mode", ["transparent", "transport-header"]) ===
      "transport-header",
    ipv6: flags.switch("enable-ipv6"),
    http2: flags.http2("meshed-http2-client-params"),
    defaultPolicy: flags.choice("default-policy", DEFAULT_POLICIES),
    clusterNetworks: flags.list("cluster-networks"),
    probeNetworks: flags.list("probe-networks"),
    globalEgressNamespace: flags.text("global-egress-network-namespace"),
    admission: flags.switch("admission-controller-disabled")
      ? undefined
      : {
          policy: flags.validator("policy-validator"),
          profiles: flags.validator("sp-validator"),
        },
  }));
}

/** Flags of `controller identity`. */
export function parseIdentity(
  words: readonly string[],
  variables: Variables,
): Parsed<IdentityArgs> {
  return parse({ words, defaults: IDENTITY }, (flags) => ({
    ...common(flags, { variables, adminAddr: flags.text("admin-addr") }),
    addr: flags.addr("addr"),
    issuanceLifetimeMs: flags.duration("identity-issuance-lifetime"),
    clockSkewMs: flags.duration("identity-clock-skew-allowance"),
    scheme: flags.choice("identity-scheme", ["linkerd.io/tls", "kubernetes.io/tls"]),
    issuerDir: flags.text("identity-issuer-dir"),
    anchorsFile: flags.text("identity-trust-anchors-file"),
  }));
}

/** The text of `--help`. */
export const HELP: string = `bunkerd controller destination    serves discovery and policy to proxies, and validates policy
bunkerd controller identity       signs certificates of workloads
bunkerd controller injector       adds proxies to pods

destination:
${flagLines(DESTINATION)}

identity:
${flagLines(IDENTITY)}

injector:
${flagLines(INJECTOR_FLAGS)}

Example: bunkerd controller identity -identity-issuance-lifetime=24h
`;

function flagLines(defaults: Defaults): string {
  return Object.entries(defaults)
    .map(([name, value]) => `  -${name}=${value}`)
    .join("\n");
}

function common(
  flags: Flags,
  from: { readonly variables: Variables; readonly adminAddr: string },
): Omit<RoleArgs, "addr"> & ProcessArgs {
  const problem = verificationProblem(from.variables);
  if (problem !== undefined) throw new FlagError(problem);
  return {
    adminAddr: flags.readAddr("admin-addr", from.adminAddr),
    controllerNamespace: flags.text("controller-namespace"),
    trustDomain: flags.text("identity-trust-domain"),
    logLevel: flags.logLevel(),
    logFormat: flags.choice("log-format", ["plain", "json"]),
    api: {
      host: from.variables["KUBERNETES_SERVICE_HOST"],
      port: from.variables["KUBERNETES_SERVICE_PORT"],
    },
  };
}

/** A flag, or a variable, that cannot be used. */
class FlagError extends Error {
  override readonly name = "FlagError";
}

function parse<A>(
  from: { readonly words: readonly string[]; readonly defaults: Defaults },
  read: (flags: Flags) => A & ProcessArgs,
): Parsed<A> {
  if (from.words.some((word) => /^--?(help|h)$/.test(word))) return { type: "help" };
  try {
    return { type: "args", args: read(new Flags(from.words, from.defaults)) };
  } catch (error) {
    if (error instanceof FlagError) return { type: "error", message: error.message };
    throw error;
  }
}

/** `-name=value`, `--name=value`, `-name value`; a switch may stand alone. */
class Flags {
  readonly #values = new Map<string, string>();
  readonly #defaults: Defaults;

  constructor(words: readonly string[], defaults: Defaults) {
    this.#defaults = defaults;
    for (let at = 0; at < words.length; at++) {
      const word = words[at] ?? "";
      const [, name, inline] = /^--?([a-z0-9-]+)(?:=(.*))?$/s.exec(word) ?? [];
      const initial = name === undefined ? undefined : defaults[name];
      if (name === undefined || initial === undefined) throw new FlagError(`${word} is not known`);
      const isSwitch = initial === "true" || initial === "false";
      const value = inline ?? (isSwitch ? "true" : words[++at]);
      if (value === undefined) throw new FlagError(`-${name} has no value`);
      this.#values.set(name, value);
    }
  }

  text(name: string): string {
    return this.#values.get(name) ?? this.#defaults[name] ?? "";
  }

  list(name: string): string[] {
    return this.text(name)
      .split(",")
      .map((each) => each.trim())
      .filter((each) => each !== "");
  }

  switch(name: string): boolean {
    return this.choice(name, ["true", "false"]) === "true";
  }

  choice<C extends string>(name: string, choices: readonly C[]): C {
    const value = this.text(name);
    const found = choices.find((each) => each === value);
    if (found === undefined)
      throw new FlagError(`-${name} cannot be "${value}": it is one of ${choices.join(", ")}`);
    return found;
  }

  addr(name: string): ListenAddr {
    return this.readAddr(name, this.text(name));
  }

  validator(name: string): ValidatorArgs {
    return { addr: this.addr(`${name}-addr`), tlsDir: this.text(`${name}-tls-dir`) };
  }

  /** JSON with the fields of the message; none where it is empty. */
  http2(name: string): Http2Params | undefined {
    try {
      return readHttp2Params(this.text(name));
    } catch (error) {
      throw new FlagError(`-${name} cannot be used: ${(error as Error).message}`);
    }
  }

  /** `ip:port`, or `:port` for every address. */
  readAddr(name: string, text: string): ListenAddr {
    const [, ip = "", port = ""] = /^(.*):(\d{1,5})$/.exec(text) ?? [];
    if (port === "" || Number(port) > 0xffff)
      throw new FlagError(`-${name} cannot be "${text}": it is no address`);
    return { ip: ip.replace(/^\[|\]$/g, "") || "::", port: Number(port) };
  }

  /** A level, or a filter such as `warn,linkerd=info`. */
  logLevel(): string {
    const level = this.text("log-level");
    if (new LogFilter().set(level) === undefined) return level;
    throw new FlagError(`-log-level cannot be "${level}": levels are ${LEVELS.join(", ")}`);
  }

  /** Milliseconds of a duration as Go writes it: `24h0m0s`, `1m30s`, `500ms`. */
  duration(name: string): number {
    const text = this.text(name);
    const ms = parseGoDuration(text) ?? 0;
    if (ms <= 0) throw new FlagError(`-${name} cannot be "${text}": it is no duration`);
    return ms;
  }
}
