/** A cluster of one node on this machine: API, controllers, network, resolver, kubelet. */

import { randomBytes, randomUUID } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { familyOf } from "#lib/addr/ip.ts";
import type { KubeClient } from "#lib/k8s/client.ts";
import { type Informer, startInformer } from "#lib/k8s/informer.ts";
import { ENDPOINT_SLICES, SERVICE_NAME, SERVICES } from "#lib/k8s/resource.ts";
import type { Service } from "#lib/k8s/types/core.ts";
import type { EndpointSlice } from "#lib/k8s/types/discovery.ts";
import { createKubeApi, type KubeApi } from "#lib/kube-api/server.ts";
import { MASTERS } from "#lib/kube-api/user.ts";
import type { Logger } from "#lib/log/logger.ts";
import { listen } from "#lib/net/listener.ts";
import { TlsCredentials } from "#lib/net/tls.ts";
import { inNetns } from "#lib/sys/netns.ts";
import type { Clock } from "#lib/time/clock.ts";
import { createApiCertificates } from "./certificates.ts";
import { startControllers } from "./controllers/start.ts";
import type { Instance } from "./instance.ts";
import { kubeconfig } from "./kubeconfig.ts";
import { startKubelet } from "./kubelet/kubelet.ts";
import { createNetns } from "./kubelet/sandbox.ts";
import { serveDns } from "./network/dns-server.ts";
import { type Exposed, exposeServices } from "./network/expose.ts";
import { type IpFamilyChoice, type Networks, networksOf } from "./network/ip-families.ts";
import { applyRules, configureNode, type NodeNetwork } from "./network/node-network.ts";
import { followServices } from "./network/service-rules.ts";

/** What a cluster is started with. */
export type ClusterOptions = {
  readonly instance: Instance;
  /** Programs by image name. */
  readonly images: ReadonlyMap<string, string>;
  /** Which addresses pods and Services have. */
  readonly ipFamily: IpFamilyChoice;
  readonly version: string;
  readonly clock: Clock;
  readonly logger: Logger;
};

/** A running cluster. */
export interface Cluster {
  readonly client: KubeClient;
  readonly exposed: Exposed;
  /** How the user reaches the API; a kubeconfig of the same is in the instance's folder. */
  readonly access: { readonly server: string; readonly ca: string; readonly token: string };
  readonly kubeconfigPath: string;
  readonly nodeNetns: string;
  /** Ends the pods within this time, then everything else. */
  stop(graceMs: number): Promise<void>;
}

const API_PORT = 6443;
const NODE_NAME = "bunkerd-dev";
const DOMAIN = "cluster.local";
const LOOPBACK = "127.0.0.1";
const TOKEN_BYTES = 24;

/** Starts everything inside an instance that has just been created. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { instance, clock, logger } = options;
  const networks = networksOf(options.ipFamily);
  const network = startNetwork(instance, networks);
  const token = randomBytes(TOKEN_BYTES).toString("hex");
  const certificates = createApiCertificates(
    {
      ips: [LOOPBACK, ...network.ips, networks[0].kubernetesIp],
      dns: [
        "localhost",
        "kubernetes",
        "kubernetes.default.svc",
        `kubernetes.default.svc.${DOMAIN}`,
      ],
    },
    clock.wall(),
  );
  let dial: ReturnType<typeof dialer> | undefined;
  const api = await createKubeApi({
    ...{ clock, logger, random: Math.random, uid: randomUUID },
    serviceCidrs: networks.map(({ serviceCidr }) => serviceCidr),
    onFault: (error) => logger.warn("connection failed", { error: error.message }),
    tls: new TlsCredentials({ ...certificates, anchorsPem: certificates.caPem }),
    tokens: new Map([[token, { username: "bunkerd-dev", groups: [MASTERS] }]]),
    dialService: async (service) => {
      if (dial === undefined) throw new Error("Cannot reach Services: the network is not up");
      return dial(service);
    },
  });
  const { port, stop: stopListening } = listenForApi(api, { network, logger });
  const access = { server: `https://${LOOPBACK}:${port}`, ca: certificates.caPem, token };
  const kubeconfigPath = `${instance.root}/kubeconfig`;
  writeFileSync(kubeconfigPath, kubeconfig(instance.name, access), { mode: 0o600 });
  const inside = await startInside(options, { api, network, caPem: certificates.caPem });
  dial = dialer(network, inside);
  return {
    ...{ client: api.client, exposed: inside.exposed, access, kubeconfigPath },
    nodeNetns: network.netns,
    stop: async (graceMs) => {
      await inside.stop(graceMs);
      stopListening();
      api.stop();
    },
  };
}

function startNetwork({ root }: Instance, networks: Networks): NodeNetwork {
  const netns = `${root}/host/run/netns/node`;
  createNetns(netns);
  const network = configureNode(netns, networks);
  writeFileSync(`${root}/host/etc/cni/net.d/10-bunkerd-dev.conflist`, network.config);
  return network;
}

function listenForApi(
  api: KubeApi,
  { network, logger }: { readonly network: NodeNetwork; readonly logger: Logger },
): { readonly port: number; stop(): void } {
  const fault = (error: Error): void =>
    logger.debug("API connection failed", { error: error.message });
  const outside = listen({ ip: LOOPBACK, port: 0 }, api.handle, fault);
  const inside = inNetns(network.netns, () =>
    listen({ ip: network.ips[0], port: API_PORT }, api.handle, fault),
  );
  return {
    port: outside.port,
    stop: () => {
      outside.stop();
      inside.stop();
    },
  };
}

type Inside = {
  readonly services: Informer<Service>;
  readonly slices: Informer<EndpointSlice>;
  readonly exposed: Exposed;
  stop(graceMs: number): Promise<void>;
};

async function startInside(
  options: ClusterOptions,
  {
    api,
    network,
    caPem,
  }: { readonly api: KubeApi; readonly network: NodeNetwork; readonly caPem: string },
): Promise<Inside> {
  const { instance, clock, logger, images, version } = options;
  const { client } = api;
  const { netns, ips } = network;
  const [ip] = ips;
  const networks = networksOf(options.ipFamily);
  const watch = { client, clock, logger, random: Math.random };
  const services = startInformer({ ...watch, resource: SERVICES });
  const slices = startInformer({ ...watch, resource: ENDPOINT_SLICES });
  await Promise.all([services.synced, slices.synced]);
  await client.create(ENDPOINT_SLICES, kubernetesSlice(ip));
  const controllers = startControllers({ ...watch, rootCaPem: caPem });
  const rules = followServices({
    ...{ services, slices, clock, logger, networks },
    apply: (script) => applyRules(netns, script),
  });
  const dns = await serveDns({
    ...{ netns, ip, clock, logger, upstream: machineResolver() },
    zone: {
      domain: DOMAIN,
      service: (name) => services.get(name),
      slices: ({ name, namespace }) => slicesOf(slices, { name, namespace }),
    },
  });
  const exposed = exposeServices({ services, netns, clock, logger });
  const kubelet = await startKubelet({
    ...{ name: NODE_NAME, ips, netns, root: instance.root, cgroup: instance.cgroup },
    ...{ images, dnsIp: ip, clusterDomain: DOMAIN, client, clock, logger, version },
    api: { host: networks[0].kubernetesIp, port: 443 },
    cni: {
      netns,
      run: `${instance.root}/host/run`,
      configFolder: `${instance.root}/host/etc/cni/net.d`,
      pluginFolders: [`${instance.root}/host/opt/cni/bin`, "/usr/lib/cni"],
    },
    token: ({ audience, ...request }) =>
      api.issueToken({ ...request, ...(audience !== undefined && { audiences: [audience] }) }),
  });
  api.setNode(kubelet.api);
  return {
    ...{ services, slices, exposed },
    stop: async (graceMs) => {
      controllers.stop();
      await kubelet.stop(graceMs);
      for (const each of [exposed, dns, rules, services, slices]) each.stop();
    },
  };
}

function slicesOf(
  slices: Informer<EndpointSlice>,
  { name, namespace }: { readonly name: string; readonly namespace: string },
): EndpointSlice[] {
  return slices
    .list()
    .filter(
      ({ metadata }) =>
        metadata?.namespace === namespace && metadata.labels?.[SERVICE_NAME] === name,
    );
}

/** Finds a ready endpoint of a Service's port; webhooks are called there, from the node. */
function dialer(network: NodeNetwork, { services, slices }: Inside) {
  return ({
    namespace,
    name,
    port,
  }: {
    namespace: string;
    name: string;
    port: number;
  }): {
    readonly ip: string;
    readonly port: number;
    readonly within: (connect: () => void) => void;
  } => {
    const portName =
      services.get({ namespace, name })?.spec?.ports?.find((each) => each.port === port)?.name ??
      "";
    for (const { endpoints, ports } of slicesOf(slices, { namespace, name })) {
      const target = ports?.find((each) => (each.name ?? "") === portName)?.port;
      const ready = endpoints?.find(({ conditions }) => conditions?.ready !== false);
      const [ip] = ready?.addresses ?? [];
      if (ip !== undefined && target !== undefined)
        return { ip, port: target, within: (connect) => inNetns(network.netns, connect) };
    }
    throw new Error(`no endpoints available for service "${name}"`);
  };
}

function kubernetesSlice(ip: string): EndpointSlice {
  return {
    metadata: {
      ...{ name: "kubernetes", namespace: "default" },
      labels: { [SERVICE_NAME]: "kubernetes" },
    },
    addressType: familyOf(ip),
    ports: [{ name: "https", port: API_PORT, protocol: "TCP" }],
    endpoints: [{ addresses: [ip], conditions: { ready: true } }],
  };
}

/** The first IPv4 resolver that the machine itself uses. */
function machineResolver(): string | undefined {
  try {
    return /^nameserver\s+(\d+\.\d+\.\d+\.\d+)/m.exec(
      readFileSync("/etc/resolv.conf", "utf8"),
    )?.[1];
  } catch {
    return undefined;
  }
}
