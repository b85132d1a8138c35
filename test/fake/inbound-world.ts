/** A cluster whose inbound policy a test writes as users do, and reads as proxies do. */

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { PortSpecSchema, type Server, ServerSchema } from "#lib/api/gen/proxy/inbound_pb.ts";
import type { CustomObject } from "#lib/k8s/types/custom.ts";
import type { ObjectMeta } from "#lib/k8s/types/meta.ts";
import { inboundHandlers } from "../../controller/api/inbound.ts";
import type { PolicyDefaults } from "../../controller/core/inbound-policy.ts";
import { Cluster } from "../../controller/index/cluster.ts";
import type { PolicyInformers } from "../../controller/index/inbound-objects.ts";
import { InboundPolicies } from "../../controller/index/inbound-policies.ts";
import { FakeInformer } from "./informer.ts";
import { FakeCall } from "./server-call.ts";
import { CLUSTER_OPTIONS, fakeInformers } from "./web-cluster.ts";

type Kind = keyof PolicyInformers;

/** What a watcher of a port was sent. */
export type WatchedServer = {
  readonly call: FakeCall;
  readonly sent: () => number;
  readonly newest: () => Server;
};

/** Pod `web-1` of `shop` (labels `app: web`, port `http` 8080) and the policies that a test puts. */
export class InboundWorld {
  readonly from: ReturnType<typeof fakeInformers> = fakeInformers();
  readonly policies: Readonly<Record<Kind, FakeInformer<CustomObject>>> = {
    servers: new FakeInformer(),
    serverAuthorizations: new FakeInformer(),
    authorizationPolicies: new FakeInformer(),
    meshTlsAuthentications: new FakeInformer(),
    networkAuthentications: new FakeInformer(),
    rateLimits: new FakeInformer(),
    linkerdHttpRoutes: new FakeInformer(),
    httpRoutes: new FakeInformer(),
    grpcRoutes: new FakeInformer(),
  };
  readonly faults: string[] = [];
  readonly inbound: InboundPolicies;
  readonly #handlers: ReturnType<typeof inboundHandlers>;

  constructor(defaults: Partial<PolicyDefaults> = {}) {
    this.inbound = new InboundPolicies(this.policies, {
      cluster: new Cluster({ ...this.from, servers: this.policies.servers }, CLUSTER_OPTIONS),
      defaults: {
        defaultPolicy: "all-unauthenticated",
        clusterNetworks: ["10.0.0.0/8"],
        probeNetworks: ["10.9.0.0/16"],
        ...defaults,
      },
      domain: { controlPlaneNamespace: "linkerd", trustDomain: "cluster.local" },
      onFault: ({ resource, object, fault }) => this.faults.push(`${resource} ${object}: ${fault}`),
    });
    this.#handlers = inboundHandlers(this.inbound);
  }

  put(kind: Kind, name: string, spec: unknown, metadata: Partial<ObjectMeta> = {}): void {
    this.policies[kind].put({ metadata: { name, namespace: "shop", ...metadata }, spec });
  }

  drop(kind: Kind, name: string, namespace = "shop"): void {
    this.policies[kind].drop({ name, namespace });
  }

  /** A pod like `web-1`. */
  putPod(name: string, over: { labels?: Record<string, string>; ports?: object[] } = {}): void {
    const { labels = { app: "web" }, ports = [{ name: "http", containerPort: 8080 }] } = over;
    this.from.pods.put({
      metadata: { name, namespace: "shop", labels },
      spec: { containers: [{ name: "app", ports: ports as { containerPort: number }[] }] },
    });
  }

  /** Watches a port as the pod's proxy does. */
  watch(port: number, workload = "shop:web-1"): WatchedServer {
    const call = this.ask("WatchPort", workload, port);
    return {
      call,
      sent: () => call.sent.length,
      newest: () => fromBinary(ServerSchema, call.sent.at(-1)?.subarray(5) ?? new Uint8Array()),
    };
  }

  ask(method: "GetPort" | "WatchPort", workload: string, port: number): FakeCall {
    const call = new FakeCall(toBinary(PortSpecSchema, create(PortSpecSchema, { workload, port })));
    this.#handlers.get(`/io.linkerd.proxy.inbound.InboundServerPolicies/${method}`)?.(call);
    return call;
  }
}

/** The spec of a Server for port `http` of the pods of `web`. */
export const webServer = (over: object = {}): object => ({
  podSelector: { matchLabels: { app: "web" } },
  port: "http",
  proxyProtocol: "HTTP/1",
  ...over,
});

/** A reference to what authenticates. */
export const authn = (kind: string, name: string, namespace?: string): object => ({
  ...{ group: "policy.linkerd.io", kind, name },
  ...(namespace !== undefined && { namespace }),
});

/** What an AuthorizationPolicy is about. */
export const target = (kind: string, name: string, group = "policy.linkerd.io"): object => ({
  ...{ group, kind, name },
});

/** The parent of a route that is attached to a Server. */
export const parentServer = (name: string): object => target("Server", name);
