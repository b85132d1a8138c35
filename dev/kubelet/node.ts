/** The node that pods run on: its place in the network, its folders, and what it asks the API. */

import type { KubeClient } from "#lib/k8s/client.ts";
import type { ConfigMap, Secret } from "#lib/k8s/types/core.ts";
import type { Logger } from "#lib/log/logger.ts";
import type { Clock } from "#lib/time/clock.ts";
import type { Addresses, CniNode } from "./cni.ts";

/** An object of a namespace. */
export type Named = { readonly namespace: string; readonly name: string };

/** A token of a ServiceAccount, bound to a pod. */
export type TokenRequest = {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly audience: string | undefined;
  readonly seconds: number;
  readonly pod: { readonly name: string; readonly uid: string };
};

/** Everything that a pod's worker needs of its node. */
export type KubeletNode = {
  readonly name: string;
  readonly ips: Addresses;
  /** Path of its network namespace. */
  readonly netns: string;
  /** The instance's folder; pods, logs and the node's own files are below it. */
  readonly root: string;
  /** The instance's cgroup; undefined where the machine has no cgroup2. */
  readonly cgroup: string | undefined;
  readonly cni: CniNode;
  readonly images: ReadonlyMap<string, string>;
  readonly dnsIp: string;
  readonly clusterDomain: string;
  /** The API as pods reach it. */
  readonly api: { readonly host: string; readonly port: number };
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
  configMap(name: Named): ConfigMap | undefined;
  secret(name: Named): Secret | undefined;
  token(request: TokenRequest): string;
};

/** Where a path of the node is on this machine: in the instance's own folders, its cgroup aside. */
export function hostPath({ root, cgroup }: KubeletNode, path: string): string {
  if (path === "/sys/fs/cgroup" && cgroup !== undefined) return cgroup;
  return `${root}/host${path.replace(/^\/var\/run\//, "/run/")}`;
}
