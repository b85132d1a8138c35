/** The role `destination`: discovery on one port, policy on another, both from the same index; and the webhooks that validate. */

import { Registry } from "#lib/metrics/registry.ts";
import { destinationHandlers } from "../api/destination.ts";
import { Encoder } from "../api/encoder.ts";
import { inboundHandlers } from "../api/inbound.ts";
import { outboundHandlers } from "../api/outbound.ts";
import type { DefaultPolicy } from "../core/default-policy.ts";
import type { Http2Params } from "../core/http2-params.ts";
import { Cluster } from "../index/cluster.ts";
import type { PolicyInformers } from "../index/inbound-objects.ts";
import { InboundPolicies } from "../index/inbound-policies.ts";
import { OutboundPolicies } from "../index/outbound-policies.ts";
import type { OnFault } from "../index/policy-store.ts";
import { Profiles } from "../index/profiles.ts";
import { serveAdmin } from "../runtime/admin.ts";
import { CallGate } from "../runtime/call-gate.ts";
import { GrpcMetrics } from "../runtime/grpc-metrics.ts";
import { type GrpcServer, serveGrpc } from "../runtime/grpc-server.ts";
import type { ListenAddr, RoleArgs, RunningRole, Surroundings } from "../runtime/role.ts";
import type { StatusInformers } from "../status/objects.ts";
import { registerCacheSizes } from "./cache-metrics.ts";
import { watchCluster } from "./cluster-informers.ts";
import { ExternalWriter } from "./external-writer.ts";
import { countByNamespace, type IndexSizes, registerIndexSizes } from "./index-metrics.ts";
import { measureLag } from "./informer-lag.ts";
import { inServedVersions, watchPolicy } from "./policy-informers.ts";
import { profileFollowers } from "./profile-followers.ts";
import { Statuses } from "./statuses.ts";
import { endpointFollowers } from "./subscriber-metrics.ts";
import { type AdmissionArgs, Validators } from "./validators.ts";
import { countWatches } from "./watch-metrics.ts";

/** The destination controller, with policy. */
export type DestinationArgs = RoleArgs & {
  readonly policyAddr: ListenAddr;
  readonly clusterDomain: string;
  /** Ports that are opaque unless an annotation says otherwise: `25,3306,4000-4010`. */
  readonly opaquePorts: string;
  readonly h2Upgrade: boolean;
  readonly transportHeader: boolean;
  readonly ipv6: boolean;
  readonly http2?: Http2Params | undefined;
  readonly defaultPolicy: DefaultPolicy;
  readonly clusterNetworks: readonly string[];
  readonly probeNetworks: readonly string[];
  readonly globalEgressNamespace: string;
  /** Undefined where nothing is validated here. */
  readonly admission: AdmissionArgs | undefined;
};

/** The role, with the ports it serves once it is ready; 0 before. */
export interface DestinationRole extends RunningRole {
  readonly port: number;
  readonly policyPort: number;
  /** The webhooks, where there are any. */
  readonly validators: Validators | undefined;
}

/** Starts to watch the cluster; serves when everything was listed once. */
export function startDestination(args: DestinationArgs, given: Surroundings): DestinationRole {
  const registry = new Registry();
  const around: Surroundings = {
    ...given,
    client: measureLag(countWatches(inServedVersions(given.client), registry), {
      registry,
      wall: () => given.clock.wall(),
    }),
  };
  const informers = watchCluster(around);
  const policies = watchPolicy(around);
  const serving: Serving = {
    servers: [],
    indexes: [],
    writer: undefined,
    statuses: undefined,
    stopped: false,
    measure: () => undefined,
  };
  const sizes = registerCacheSizes(registry, { ...informers, ...policies });
  const admin = serveAdmin(args.adminAddr, {
    registry,
    now: () => around.clock.now(),
    isReady: () => serving.servers.length > 0 && !serving.stopped,
    measure: () => {
      sizes();
      serving.measure();
    },
  });
  const all = [...Object.values(informers), ...Object.values(policies)];
  const validators = startValidators(args, around);
  const ready = Promise.all([...all.map(({ synced }) => synced), validators?.tried]).then(() => {
    if (serving.stopped) return;
    const cluster = new Cluster({ ...informers, ...policies }, args);
    const onFault = tellFaults(around);
    const inbound = inboundPolicies(policies, { cluster, args, onFault });
    const { namespaces, services } = informers;
    const outbound = new OutboundPolicies({ ...policies, services }, { ...args, cluster, onFault });
    serving.writer = new ExternalWriter(
      { ...informers, ...policies },
      around,
      args.controllerNamespace,
    );
    const profiles = new Profiles(policies.serviceProfiles, { ...args, cluster, onFault });
    const stated = { ...policies, namespaces, services };
    serving.statuses = writeStatuses(stated, { args, around, registry });
    serving.indexes = [inbound, outbound, profiles, cluster];
    const indexes = { cluster, inbound, outbound, profiles };
    const write = registerIndexSizes(registry);
    serving.measure = () => write(indexSizes(indexes, { ...informers, ...policies }));
    serving.servers = serve(indexes, { args, around, registry });
    around.log.info("Serving destinations and policies", {
      pods: informers.pods.list().length,
      services: informers.services.list().length,
    });
  });
  return {
    ready,
    validators,
    adminPort: admin.port,
    get port() {
      return serving.servers[0]?.port ?? 0;
    },
    get policyPort() {
      return serving.servers[1]?.port ?? 0;
    },
    stop: async () => {
      serving.stopped = true;
      const servers = serving.servers.map((server) => server.stop());
      await Promise.all([
        ...servers,
        validators?.stop(),
        serving.writer?.stop(),
        serving.statuses?.stop(),
      ]);
      for (const index of serving.indexes) index.stop();
      for (const informer of all) informer.stop();
      admin.stop();
    },
  };
}

function startValidators(
  { admission, controllerNamespace: namespace }: DestinationArgs,
  around: Surroundings,
): Validators | undefined {
  const of = { deployment: "linkerd-destination", namespace };
  return admission === undefined ? undefined : new Validators(admission, around, of);
}

function writeStatuses(
  from: StatusInformers,
  how: {
    readonly args: DestinationArgs;
    readonly around: Surroundings;
    readonly registry: Registry;
  },
): Statuses {
  const { args, around, registry } = how;
  const { controllerNamespace: namespace, trustDomain } = args;
  const domain = { controlPlaneNamespace: namespace, trustDomain };
  return new Statuses(from, { ...args, registry, namespace, domain }, around);
}

type Indexes = {
  readonly cluster: Cluster;
  readonly inbound: InboundPolicies;
  readonly outbound: OutboundPolicies;
  readonly profiles: Profiles;
};

type Serving = {
  servers: readonly GrpcServer[];
  indexes: readonly { stop(): void }[];
  writer: ExternalWriter | undefined;
  measure: () => void;
  statuses: Statuses | undefined;
  stopped: boolean;
};

/** Says which part of an object is not in force. */
function tellFaults({ log }: Surroundings): OnFault {
  const logger = log.target("linkerd_policy_controller");
  return (about) => logger.warn("Cannot read an object whole: that part is not in force", about);
}

/** Says who does not say where it is; quietly, as whoever may call could have it said without end. */
function tellContext({ log }: Surroundings): (token: string) => void {
  const logger = log.target("linkerd_destination");
  return (token) => logger.debug("Cannot read the context of a client", { token });
}

function inboundPolicies(
  policies: PolicyInformers,
  how: {
    readonly cluster: Cluster;
    readonly args: DestinationArgs;
    readonly onFault: OnFault;
  },
): InboundPolicies {
  const { cluster, args, onFault } = how;
  return new InboundPolicies(policies, {
    cluster,
    defaults: args,
    domain: { controlPlaneNamespace: args.controllerNamespace, trustDomain: args.trustDomain },
    onFault,
  });
}

type Watched = ReturnType<typeof watchCluster> & ReturnType<typeof watchPolicy>;

function indexSizes(
  of: Pick<Indexes, "cluster" | "inbound" | "outbound">,
  informers: Watched,
): IndexSizes {
  const { cluster, inbound, outbound } = of;
  return {
    inbound: new Map([
      ...inbound.objects.sizes(),
      ["pod", countByNamespace(informers.pods.list())],
      ["external_workload", countByNamespace(informers.externalWorkloads.list())],
    ]),
    outbound: {
      ...outbound.sizes(),
      addresses: cluster.addresses,
      services: informers.services.list().length,
    },
  };
}

/** One for both ports. */
function countedEncoder(registry: Registry): Encoder {
  const encoded = registry
    .counter(
      "bunkerd_messages_encoded_total",
      "Messages that were made: one a change for each key that it affects, however many watch it.",
    )
    .with();
  return new Encoder(() => encoded.add(1));
}

function serve(
  from: Indexes,
  how: {
    readonly args: DestinationArgs;
    readonly around: Surroundings;
    readonly registry: Registry;
  },
): readonly GrpcServer[] {
  const { inbound, outbound } = from;
  const { args, around, registry } = how;
  const metrics = new GrpcMetrics(registry);
  const encoder = countedEncoder(registry);
  const { clock, onFault, memoryShare } = around;
  const gate = new CallGate({ registry, now: () => clock.now(), memoryShare });
  const followers = endpointFollowers(registry);
  const onProfiles = profileFollowers(registry, { ...from, ...args });
  const destination = serveGrpc({
    addr: args.addr,
    methods: destinationHandlers(
      from,
      { ...args, onContext: tellContext(around), followers, profileFollowers: onProfiles },
      encoder,
    ),
    metrics,
    gate,
    clock,
    onFault,
  });
  const policy = serveGrpc({
    addr: args.policyAddr,
    methods: new Map([
      ...inboundHandlers(inbound, encoder),
      ...outboundHandlers(outbound, args, encoder),
    ]),
    metrics,
    gate,
    clock,
    onFault,
  });
  return [destination, policy];
}
