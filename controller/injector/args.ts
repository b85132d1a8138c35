/** Flags of the injector, spelled as Linkerd's. */

import { LogFilter } from "#lib/log/log-filter.ts";
import { verificationProblem } from "#lib/tls/verification.ts";
import type { InjectorFiles } from "./server.ts";

/** What the injector is started with. */
export type InjectorArgs = {
  readonly addr: { readonly ip: string; readonly port: number };
  readonly adminAddr: { readonly ip: string; readonly port: number };
  readonly controllerNamespace: string;
  readonly files: InjectorFiles;
  readonly logLevel: string;
  readonly logFormat: "plain" | "json";
  /** Where the API server is, for a pod. */
  readonly api: { readonly host: string | undefined; readonly port: string | undefined };
};

/** What was asked for, or what is wrong with it. */
export type ParsedInjector =
  | { readonly type: "args"; readonly args: InjectorArgs }
  | { readonly type: "help" }
  | { readonly type: "error"; readonly message: string };

/** The flags and what they are where they are not given. */
export const INJECTOR_FLAGS: Readonly<Record<string, string>> = {
  addr: ":8443",
  "metrics-addr": ":9995",
  "linkerd-namespace": "linkerd",
  "values-file": "/var/run/linkerd/config/values",
  "trust-anchors-file": "/var/run/linkerd/identity/trust-roots/ca-bundle.crt",
  "tls-dir": "/var/run/linkerd/tls",
  "log-level": "info",
  "log-format": "plain",
};

/** Reads `-name=value`, `--name=value` or `-name value`. */
export function parseInjector(
  words: readonly string[],
  variables: Readonly<Record<string, string | undefined>>,
): ParsedInjector {
  const flags = readFlags(words);
  if (typeof flags === "string")
    return flags === "help" ? { type: "help" } : { type: "error", message: flags };
  const problem = verificationProblem(variables);
  if (problem !== undefined) return { type: "error", message: problem };
  const get = (name: string): string => flags.get(name) ?? INJECTOR_FLAGS[name] ?? "";
  const wrong = (name: string): ParsedInjector => ({
    type: "error",
    message: `-${name} cannot be "${get(name)}"`,
  });
  const addr = readAddr(get("addr"));
  if (addr === undefined) return wrong("addr");
  const adminAddr = readAddr(get("metrics-addr"));
  if (adminAddr === undefined) return wrong("metrics-addr");
  const logFormat = (["plain", "json"] as const).find((each) => each === get("log-format"));
  if (logFormat === undefined) return wrong("log-format");
  if (new LogFilter().set(get("log-level")) !== undefined) return wrong("log-level");
  return {
    type: "args",
    args: {
      addr,
      adminAddr,
      controllerNamespace: get("linkerd-namespace"),
      files: {
        values: get("values-file"),
        anchors: get("trust-anchors-file"),
        crt: `${get("tls-dir")}/tls.crt`,
        key: `${get("tls-dir")}/tls.key`,
      },
      logLevel: get("log-level"),
      logFormat,
      api: {
        host: variables["KUBERNETES_SERVICE_HOST"],
        port: variables["KUBERNETES_SERVICE_PORT"],
      },
    },
  };
}

function readFlags(words: readonly string[]): Map<string, string> | string {
  const flags = new Map<string, string>();
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    const [, name, inline] = /^--?([a-z-]+)(?:=(.*))?$/s.exec(word) ?? [];
    if (name === "help" || name === "h") return "help";
    if (name === undefined || !Object.hasOwn(INJECTOR_FLAGS, name)) return `${word} is not known`;
    const value = inline ?? words[++at];
    if (value === undefined) return `-${name} has no value`;
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
