/** A cluster whose outbound policy a test writes as users do, and reads as proxies do. */

import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  type OutboundPolicy,
  OutboundPolicySchema,
  TrafficSpecSchema,
} from "#lib/api/gen/proxy/outbound_pb.ts";
import type { CustomObject } from "#lib/k8s/types/custom.ts";
import type { ObjectMeta } from "#lib/k8s/types/meta.ts";
import { fromIp } from "../../controller/api/convert.ts";
import { outboundHandlers } from "../../controller/api/outbound.ts";
import type { HttpRoute } from "../../controller/core/route.ts";
import type { ParentTraffic } from "../../controller/core/traffic.ts";
import { Cluster } from "../../controller/index/cluster.ts";
import {
  type OutboundInformers,
  OutboundPolicies,
} from "../../controller/index/outbound-policies.ts";
import type { OnFault } from "../../controller/index/policy-store.ts";
import { FakeInformer } from "./informer.ts";
import { FakeCall } from "./server-call.ts";
import { CLUSTER_OPTIONS, fakeInformers } from "./web-cluster.ts";

type Kind = Exclude<keyof OutboundInformers, "services">;

/** Where a client goes to. */
export type Target = NonNullable<MessageInitShape<typeof TrafficSpecSchema>["target"]>;

/** What a watcher was sent. */
export type WatchedPolicy = {
  readonly call: FakeCall;
  readonly sent: () => number;
  readonly newest: () => OutboundPolicy;
};

/** An address with its port. */
export const toAddress = (ip: string, port: number): Target => ({
  case: "addr",
  value: { ip: fromIp(ip), port },
});

/** Service `web` of `shop` at 10.96.0.1:80, and the routes that a test puts. */
export class OutboundWorld {
  readonly from: ReturnType<typeof fakeInformers> = fakeInformers();
  readonly routes: Readonly<Record<Kind, FakeInformer<CustomObject>>> = {
    linkerdHttpRoutes: new FakeInformer(),
    httpRoutes: new FakeInformer(),
    grpcRoutes: new FakeInformer(),
    tlsRoutes: new FakeInformer(),
    tcpRoutes: new FakeInformer(),
    egressNetworks: new FakeInformer(),
  };
  readonly faults: string[] = [];
  readonly outbound: OutboundPolicies;
  readonly #handlers: ReturnType<typeof outboundHandlers>;

  constructor() {
    this.outbound = this.again(({ resource, object, fault }) =>
      this.faults.push(`${resource} ${object}: ${fault}`),
    );
    this.#handlers = outboundHandlers(this.outbound, { clusterDomain: "cluster.local" });
  }

  /** What a controller knows that starts now. */
  again(onFault: OnFault): OutboundPolicies {
    return new OutboundPolicies(this.#informers(), {
      ...CLUSTER_OPTIONS,
      cluster: new Cluster(this.from, CLUSTER_OPTIONS),
      onFault,
      clusterNetworks: ["10.0.0.0/8"],
      globalEgressNamespace: "linkerd-egress",
    });
  }

  #informers(): OutboundInformers {
    return { ...this.routes, services: this.from.services };
  }

  put(kind: Kind, name: string, spec: unknown, metadata: Partial<ObjectMeta> = {}): void {
    this.routes[kind].put({ metadata: { name, namespace: "shop", ...metadata }, spec });
  }

  drop(kind: Kind, name: string, namespace = "shop"): void {
    this.routes[kind].drop({ name, namespace });
  }

  /** A Service like `web`: annotations, and fields of its spec. */
  putService(
    name: string,
    over: { readonly annotations?: Record<string, string>; readonly namespace?: string } & Record<
      string,
      unknown
    > = {},
  ): void {
    const { annotations = {}, namespace = "shop", ...spec } = over;
    const clusterIP = name === "web" ? "10.96.0.1" : "None";
    this.from.services.put({
      metadata: { name, namespace, annotations },
      spec: { clusterIP, ports: [{ name: "http", port: 80 }], ...spec },
    });
  }

  /** Watches `web`, or another target, for a client of a namespace. */
  watch(client = "shop", target: Target = toAddress("10.96.0.1", 80)): WatchedPolicy {
    const call = this.ask("Watch", target, `${client}:client-1`);
    return {
      call,
      sent: () => call.sent.length,
      newest: () =>
        fromBinary(OutboundPolicySchema, call.sent.at(-1)?.subarray(5) ?? new Uint8Array()),
    };
  }

  ask(method: "Get" | "Watch", target?: Target, sourceWorkload = "shop:client-1"): FakeCall {
    const spec = { sourceWorkload, ...(target && { target }) };
    const call = new FakeCall(toBinary(TrafficSpecSchema, create(TrafficSpecSchema, spec)));
    this.#handlers.get(`/io.linkerd.proxy.outbound.OutboundPolicies/${method}`)?.(call);
    return call;
  }
}

/** What a Service without annotations says of traffic. */
export const NO_TRAFFIC: ParentTraffic = {
  httpRetry: undefined,
  grpcRetry: undefined,
  timeouts: undefined,
  accrual: undefined,
  load: undefined,
};

/** An HTTPRoute that is attached to nothing and says nothing. */
export const plainRoute = (name: string): HttpRoute => ({
  ...{ kind: "HTTPRoute", group: "gateway.networking.k8s.io", name, namespace: "shop" },
  ...{ createdMs: 0, parents: [], hosts: [], rules: [] },
});

/** The parent of a route that is attached to a Service. */
export const parentService = (name = "web", over: object = {}): object => ({
  ...{ group: "core", kind: "Service", name },
  ...over,
});

/** A reference to a Service that requests go to. */
export const backend = (name: string, over: object = {}): object => ({ name, port: 80, ...over });

/** A client that asks by name. */
export const authority = (value: string): Target => ({ case: "authority", value });

/** A route's spec with these rules, attached to the Service. */
export const rules = (...each: object[]): object => ({
  parentRefs: [parentService()],
  rules: each,
});
