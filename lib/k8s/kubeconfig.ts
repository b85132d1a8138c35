/** A cluster by kubeconfig: contexts, certificates, tokens and exec plugins, as kubectl reads them. */

import { KubeConfig } from "@kubernetes/client-node";
import type { ClusterAccess } from "./client.ts";

/** Where client-node goes when it found no configuration at all. */
const NOWHERE = "http://localhost:8080";

/** Which file and which context; unset, KUBECONFIG or `~/.kube/config`, and its current context. */
export type KubeconfigChoice = {
  readonly path?: string | undefined;
  readonly context?: string | undefined;
};

/** Reads a kubeconfig and runs its exec plugin, if it has one. Throws where it names no usable cluster. */
export async function loadKubeconfig({
  path,
  context,
}: KubeconfigChoice): Promise<ClusterAccess & { readonly namespace: string }> {
  const config = readConfig(path);
  if (context !== undefined) config.setCurrentContext(context);
  const name = config.getCurrentContext();
  const cluster = config.getCurrentCluster();
  if (cluster === null)
    throw new Error(`Cannot use context "${name}": the kubeconfig has no such context or cluster`);
  if (cluster.server === NOWHERE && path === undefined)
    throw new Error(
      "Cannot find a cluster: there is no kubeconfig; name one by --kubeconfig or KUBECONFIG",
    );
  const unsupported = [
    [cluster.skipTLSVerify, "insecure-skip-tls-verify"],
    [cluster.tlsServerName, "tls-server-name"],
    [cluster.proxyUrl, "proxy-url"],
    [config.getCurrentUser()?.username, "a user name and password"],
  ].find(([set]) => set);
  if (unsupported !== undefined)
    throw new Error(`Cannot use context "${name}": ${String(unsupported[1])} is not supported`);
  // Over plain HTTP (kubectl proxy) there is no TLS to verify; client-node wants that said.
  config.clusters = config.clusters.map((each) =>
    each.server.startsWith("http:") ? { ...each, skipTLSVerify: true } : each,
  );
  const options = await authenticate(config);
  return {
    server: cluster.server.replace(/\/$/, ""),
    ca: text(options.ca),
    cert: text(options.cert),
    key: text(options.key),
    namespace: config.getContextObject(name)?.namespace ?? "default",
    ...(bearer(options) !== undefined && {
      token: async () => bearer(await authenticate(config)) ?? "",
    }),
  };
}

function readConfig(path: string | undefined): KubeConfig {
  const config = new KubeConfig();
  try {
    if (path === undefined) config.loadFromDefault();
    else config.loadFromFile(path);
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`Cannot read kubeconfig ${path ?? ""}: ${problem}`.replace("  ", " "), {
      cause,
    });
  }
  return config;
}

type RequestOptions = Parameters<KubeConfig["applyToHTTPSOptions"]>[0];

/** Certificates and headers of the current user. Plugins' tokens are cached until they expire. */
async function authenticate(config: KubeConfig): Promise<RequestOptions> {
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  return options;
}

function bearer({ headers }: RequestOptions): string | undefined {
  const value = Object.entries(headers ?? {}).find(
    ([key]) => key.toLowerCase() === "authorization",
  );
  return /^Bearer (.*)$/.exec(String(value?.[1] ?? ""))?.[1];
}

function text(material: unknown): string | undefined {
  return material === undefined || material === null ? undefined : String(material);
}
