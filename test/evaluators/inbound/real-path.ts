/** The real path: objects through informers, index, core and messages into what the proxy makes of them, then its decisions. */

import { create, toBinary } from "@bufbuild/protobuf";
import { PortSpecSchema, type Server as ServerMessage } from "#lib/api/gen/proxy/inbound_pb.ts";
import { decode } from "#lib/api/wire/decode.ts";
import { Server } from "#lib/api/wire/gen/inbound.ts";
import type { Pod } from "#lib/k8s/types/core.ts";
import type { CustomObject } from "#lib/k8s/types/custom.ts";
import { inboundHandlers } from "../../../controller/api/inbound.ts";
import { DEFAULT_POLICIES } from "../../../controller/core/default-policy.ts";
import { Cluster } from "../../../controller/index/cluster.ts";
import type { PolicyInformers } from "../../../controller/index/inbound-objects.ts";
import { InboundPolicies } from "../../../controller/index/inbound-policies.ts";
import { FakeInformer } from "../../fake/informer.ts";
import { FakeCall } from "../../fake/server-call.ts";
import { CLUSTER_OPTIONS } from "../../fake/web-cluster.ts";
import type { Answer, Call, World, Written } from "./objects.ts";
import { answerOf } from "./request.ts";

const KINDS: Readonly<Record<keyof PolicyInformers, string>> = {
  servers: "Server.policy.linkerd.io",
  serverAuthorizations: "ServerAuthorization.policy.linkerd.io",
  authorizationPolicies: "AuthorizationPolicy.policy.linkerd.io",
  meshTlsAuthentications: "MeshTLSAuthentication.policy.linkerd.io",
  networkAuthentications: "NetworkAuthentication.policy.linkerd.io",
  rateLimits: "HTTPLocalRateLimitPolicy.policy.linkerd.io",
  linkerdHttpRoutes: "HTTPRoute.policy.linkerd.io",
  httpRoutes: "HTTPRoute.gateway.networking.k8s.io",
  grpcRoutes: "GRPCRoute.gateway.networking.k8s.io",
};
const POD = "web-1";

/** What a proxy answers to calls in a world: each port's policy is asked for once. */
export function realPath(world: World): (call: Call) => Answer {
  const { objects, namespace, cluster } = world;
  const informerOf = (kind: string): FakeInformer<CustomObject> =>
    new FakeInformer(
      ...objects.filter((each) => `${each.kind}.${each.group}` === kind).map(asObject),
    );
  const informers = Object.fromEntries(
    Object.entries(KINDS).map(([key, kind]) => [key, informerOf(kind)]),
  ) as Record<keyof PolicyInformers, FakeInformer<CustomObject>>;
  const inbound = new InboundPolicies(informers, {
    cluster: new Cluster(
      {
        pods: new FakeInformer<Pod>(podOf(world)),
        services: new FakeInformer(),
        slices: new FakeInformer(),
        namespaces: new FakeInformer({
          metadata: { name: namespace, annotations: { ...world.namespaceAnnotations } },
        }),
        nodes: new FakeInformer(),
        externalWorkloads: new FakeInformer(),
        servers: informers.servers,
      },
      CLUSTER_OPTIONS,
    ),
    defaults: {
      defaultPolicy: DEFAULT_POLICIES.find((name) => name === cluster.defaultPolicy) ?? "deny",
      clusterNetworks: cluster.networks,
      probeNetworks: cluster.probeNetworks,
    },
    domain: { controlPlaneNamespace: "linkerd", trustDomain: "cluster.local" },
    onFault: () => undefined,
  });
  const getPort = inboundHandlers(inbound).get(
    "/io.linkerd.proxy.inbound.InboundServerPolicies/GetPort",
  );
  const known = new Map<number, ReturnType<typeof answerOf>>();
  return (call) => {
    const { port } = call;
    const answer = known.get(port) ?? answerOf(read(port));
    known.set(port, answer);
    return answer(call);
  };

  function read(port: number): ServerMessage {
    const workload = `${namespace}:${POD}`;
    const asked = new FakeCall(
      toBinary(PortSpecSchema, create(PortSpecSchema, { workload, port })),
    );
    getPort?.(asked);
    return decode(Server, asked.sent[0]?.subarray(5) ?? new Uint8Array());
  }
}

function asObject({ name, namespace, labels, created, spec }: Written): CustomObject {
  const creationTimestamp = new Date(created * 1000).toISOString();
  return { metadata: { name, namespace, labels: { ...labels }, creationTimestamp }, spec };
}

function podOf({ namespace, labels, ports, probes, podAnnotations }: World): Pod {
  return {
    metadata: { name: POD, namespace, labels: { ...labels }, annotations: { ...podAnnotations } },
    spec: {
      containers: [
        {
          name: "app",
          ports: ports.map(({ name, port }) => ({ name, containerPort: port })),
        },
        ...probes.map(({ port, path }, index) => ({
          name: `probed-${index}`,
          readinessProbe: { httpGet: { port, path } },
        })),
      ],
    },
  };
}
