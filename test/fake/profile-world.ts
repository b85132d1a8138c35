/** A cluster whose ServiceProfiles a test writes as users do, and whose profiles it reads as proxies do. */

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type DestinationProfile,
  DestinationProfileSchema,
  GetDestinationSchema,
} from "#lib/api/gen/proxy/destination_pb.ts";
import type { CustomObject } from "#lib/k8s/types/custom.ts";
import { destinationHandlers } from "../../controller/api/destination.ts";
import { Cluster } from "../../controller/index/cluster.ts";
import { Profiles } from "../../controller/index/profiles.ts";
import { FakeInformer } from "./informer.ts";
import { FakeCall } from "./server-call.ts";
import { CLUSTER_OPTIONS, fakeInformers } from "./web-cluster.ts";

/** What a watcher was sent. */
export type WatchedProfile = {
  readonly call: FakeCall;
  readonly sent: () => number;
  readonly newest: () => DestinationProfile;
};

/** Service `web` of `shop` at 10.96.0.1:80, and the ServiceProfiles that a test puts. */
export class ProfileWorld {
  readonly from: ReturnType<typeof fakeInformers> = fakeInformers();
  readonly serviceProfiles: FakeInformer<CustomObject> = new FakeInformer();
  readonly faults: string[] = [];
  readonly contexts: string[] = [];
  readonly profiles: Profiles;
  readonly #handlers: ReturnType<typeof destinationHandlers>;

  constructor() {
    const cluster = new Cluster(this.from, CLUSTER_OPTIONS);
    const clusterDomain = "cluster.local";
    this.profiles = new Profiles(this.serviceProfiles, {
      ...CLUSTER_OPTIONS,
      ...{ cluster, clusterDomain },
      onFault: ({ resource, object, fault }) => this.faults.push(`${resource} ${object}: ${fault}`),
    });
    this.#handlers = destinationHandlers(
      { cluster, profiles: this.profiles },
      { clusterDomain, onContext: (token) => this.contexts.push(token) },
    );
  }

  /** The ServiceProfile of `web` in a namespace. */
  put(spec: unknown, namespace = "shop"): void {
    this.serviceProfiles.put({ metadata: { name: WEB, namespace }, spec });
  }

  drop(namespace = "shop"): void {
    this.serviceProfiles.drop({ name: WEB, namespace });
  }

  ask(
    method: "Get" | "GetProfile",
    path: string,
    contextToken = '{"nodeName":"node-1"}',
  ): FakeCall {
    const request = create(GetDestinationSchema, { path, contextToken });
    const call = new FakeCall(toBinary(GetDestinationSchema, request));
    this.#handlers.get(`/io.linkerd.proxy.destination.Destination/${method}`)?.(call);
    return call;
  }

  /** Watches the profile of a path for a client of a namespace. */
  watch(client = "shop", path = "10.96.0.1:80"): WatchedProfile {
    const call = this.ask("GetProfile", path, `ns:${client}`);
    return {
      call,
      sent: () => call.sent.length,
      newest: () =>
        fromBinary(DestinationProfileSchema, call.sent.at(-1)?.subarray(5) ?? new Uint8Array()),
    };
  }
}

const WEB = "web.shop.svc.cluster.local";
