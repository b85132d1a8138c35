/** Answers what inbound and outbound ask, from the Destination and policy APIs. */

import { anyContains, type Cidr } from "#lib/addr/cidr.ts";
import { formatSocketAddr, type SocketAddr } from "#lib/addr/socket-addr.ts";
import { isUnder, type NameSuffix } from "#lib/addr/suffix.ts";
import type { TrafficSpec as TrafficSpecMessage } from "#lib/api/gen/proxy/outbound_pb.ts";
import { decode } from "#lib/api/wire/decode.ts";
import { encode } from "#lib/api/wire/encode.ts";
import { DestinationProfile, GetDestination, Update } from "#lib/api/wire/gen/destination.ts";
import { PortSpec, Server } from "#lib/api/wire/gen/inbound.ts";
import { OutboundPolicy, TrafficSpec } from "#lib/api/wire/gen/outbound.ts";
import { GrpcCode } from "#lib/grpc/status.ts";
import type { ClientPolicy, EndpointUpdate } from "../policy/client-policy.ts";
import { defaultMetadata, fallbackPolicy } from "../policy/default-policy.ts";
import type { ClientDiscovery, ServerDiscovery, ServiceName, Watch } from "../policy/discover.ts";
import {
  isEffective,
  type Profile,
  type ProfileOptions,
  profilePolicy,
} from "../policy/profile.ts";
import type { ServerPolicy } from "../policy/server-policy.ts";
import type { ControlChannel } from "./channel.ts";
import { fromSocketAddr, toEndpointUpdate } from "./convert.ts";
import { toServerPolicy } from "./convert-inbound.ts";
import { toClientPolicy } from "./convert-outbound.ts";
import { toProfile } from "./convert-profile.ts";

const DESTINATION = "/io.linkerd.proxy.destination.Destination";
const OUTBOUND = "/io.linkerd.proxy.outbound.OutboundPolicies";
const INBOUND = "/io.linkerd.proxy.inbound.InboundServerPolicies";
const BAD_REQUEST: ReadonlySet<number> = new Set([
  GrpcCode.INVALID_ARGUMENT,
  GrpcCode.FAILED_PRECONDITION,
]);
const NO_POLICY: ReadonlySet<number> = new Set([
  ...BAD_REQUEST,
  GrpcCode.NOT_FOUND,
  GrpcCode.UNIMPLEMENTED,
]);

/** Who asks, as tokens that the control plane gave us through the environment. */
export interface DiscoveryOptions extends Pick<ProfileOptions, "httpQueue" | "tcpQueue"> {
  readonly destination: Pick<ControlChannel, "watch">;
  readonly policy: Pick<ControlChannel, "watch">;
  readonly context: string;
  readonly workload: string;
  readonly detectTimeoutMs: number;
  /** Destinations that may have a profile; others have none. */
  readonly profileNetworks: readonly Cidr[];
  /** The same for names. */
  readonly profileSuffixes: readonly NameSuffix[];
  /** Requests say where they go (P27): where they do not, nothing is known of whom they get. */
  readonly ingress: boolean;
}

/** The control plane's view of destinations and of the workload's own ports. */
export class ControlDiscovery implements ClientDiscovery, ServerDiscovery {
  readonly #options: DiscoveryOptions;

  constructor(options: DiscoveryOptions) {
    this.#options = options;
  }

  /** Asks for policy and profile in parallel, as linkerd2-proxy does, and for a profile only in the networks that may have one; the profile names the identity of a lone pod. */
  watchPolicy(addr: SocketAddr, onPolicy: (policy: ClientPolicy) => void): Watch {
    const { profileNetworks, ingress } = this.#options;
    const how = this.#profileOptions(addr.port);
    const { timeoutMs, tcpQueue: queue } = how;
    const merged = new PolicyMerge(onPolicy, how, (profile) => {
      const { endpoint, opaque = false } = profile ?? {};
      const known = endpoint !== undefined && { endpoint };
      return fallbackPolicy(addr, { timeoutMs, queue, opaque, ingress, ...known });
    });
    return this.#watchBoth(merged, {
      target: { case: "addr", value: fromSocketAddr(addr) },
      path: anyContains(profileNetworks, addr.ip) ? formatSocketAddr(addr) : undefined,
    });
  }

  /** The same by name, of which only those under some suffixes may have a profile; without a policy, a profile is one. */
  watchNamed(name: ServiceName, onPolicy: (policy: ClientPolicy) => void): Watch {
    const { host, port } = name;
    const { profileSuffixes } = this.#options;
    const how = this.#profileOptions(port);
    const merged = new PolicyMerge(onPolicy, how, (profile) => namedPolicy(profile, how));
    const path = `${host}:${port}`;
    return this.#watchBoth(merged, {
      target: { case: "authority", value: path },
      path: isUnder(host, profileSuffixes) ? path : undefined,
    });
  }

  #profileOptions(port: number): ProfileOptions {
    const { detectTimeoutMs: timeoutMs, httpQueue, tcpQueue } = this.#options;
    return { port, timeoutMs, httpQueue, tcpQueue };
  }

  #watchBoth(
    merged: PolicyMerge,
    {
      target,
      path,
    }: { readonly target: TrafficSpecMessage["target"]; readonly path: string | undefined },
  ): Watch {
    const { policy, workload } = this.#options;
    const policies = policy.watch({
      path: `${OUTBOUND}/Watch`,
      request: encode(TrafficSpec, { sourceWorkload: workload, target }),
      final: NO_POLICY,
      onMessage: (message) => merged.onPolicy(toClientPolicy(decode(OutboundPolicy, message))),
      onFinal: () => merged.onPolicy(undefined),
    });
    const profile = this.#watchPath(path, (value) => merged.onProfile(value));
    return {
      cancel: () => {
        policies.cancel();
        profile?.cancel();
      },
    };
  }

  watchProfile(
    { host, port }: ServiceName,
    onProfile: (profile: Profile | undefined) => void,
  ): Watch {
    return this.#watchPath(`${host}:${port}`, onProfile);
  }

  /** Without a path there is none. */
  #watchPath(path: string, onProfile: (profile: Profile | undefined) => void): Watch;
  #watchPath(
    path: string | undefined,
    onProfile: (profile: Profile | undefined) => void,
  ): Watch | undefined;
  #watchPath(
    path: string | undefined,
    onProfile: (profile: Profile | undefined) => void,
  ): Watch | undefined {
    const { destination, context } = this.#options;
    if (path === undefined) {
      onProfile(undefined);
      return undefined;
    }
    return destination.watch({
      path: `${DESTINATION}/GetProfile`,
      request: encode(GetDestination, { path, contextToken: context }),
      final: BAD_REQUEST,
      onMessage: (message) => onProfile(toProfile(decode(DestinationProfile, message))),
      onFinal: () => onProfile(undefined),
    });
  }

  watchEndpoints(path: string, onUpdate: (update: EndpointUpdate) => void): Watch {
    const { destination, context } = this.#options;
    const request = encode(GetDestination, { path, contextToken: context });
    let first = true;
    return destination.watch({
      path: `${DESTINATION}/Get`,
      request,
      final: BAD_REQUEST,
      // What went while nobody told of it is not said to have gone.
      onAsked: () => {
        first = true;
      },
      onMessage: (message) => {
        const update = toEndpointUpdate(decode(Update, message));
        if (update === undefined) return;
        onUpdate(first && update.type === "add" ? { ...update, type: "set" } : update);
        first = false;
      },
      onFinal: () => onUpdate({ type: "no-endpoints", exists: false }),
    });
  }

  watchPort(port: number, onPolicy: (policy: ServerPolicy) => void): Watch {
    const { policy, workload } = this.#options;
    return policy.watch({
      path: `${INBOUND}/WatchPort`,
      request: encode(PortSpec, { workload, port }),
      final: BAD_REQUEST,
      onMessage: (message) => onPolicy(toServerPolicy(decode(Server, message))),
    });
  }
}

/** Waits for policy and profile; a profile with routes comes first (P23), and a policy that only forwards there takes the identity that the profile knows. */
class PolicyMerge {
  readonly #onPolicy: (policy: ClientPolicy) => void;
  readonly #how: ProfileOptions;
  readonly #fallback: (profile: Profile | undefined) => ClientPolicy;
  #policy: { readonly value: ClientPolicy | undefined } | undefined;
  #profile: { readonly value: Profile | undefined } | undefined;

  /** `fallback` is what holds where there is no policy. */
  constructor(
    onPolicy: (policy: ClientPolicy) => void,
    how: ProfileOptions,
    fallback: (profile: Profile | undefined) => ClientPolicy,
  ) {
    this.#onPolicy = onPolicy;
    this.#how = how;
    this.#fallback = fallback;
  }

  onPolicy(value: ClientPolicy | undefined): void {
    this.#policy = { value };
    this.#emit();
  }

  onProfile(value: Profile | undefined): void {
    this.#profile = { value };
    this.#emit();
  }

  #emit(): void {
    if (this.#policy === undefined || this.#profile === undefined) return;
    const { value } = this.#policy;
    const profile = this.#profile.value;
    const fallback = value === undefined || isFallback(value);
    const policy = fallback ? this.#fallback(profile) : value;
    this.#onPolicy(
      profile !== undefined && isEffective(profile)
        ? profilePolicy(profile, policy, this.#how)
        : policy,
    );
  }
}

/** What a profile alone says of a name: a pod, a Service, or that nobody knows it. */
function namedPolicy(profile: Profile | undefined, how: ProfileOptions): ClientPolicy {
  const unknown: ClientPolicy = {
    metadata: defaultMetadata("profile"),
    protocol: { type: "unknown" },
  };
  if (profile?.endpoint !== undefined) {
    const { endpoint, opaque } = profile;
    const { timeoutMs, tcpQueue: queue } = how;
    return fallbackPolicy(endpoint.addr, { timeoutMs, queue, endpoint, opaque });
  }
  return profile === undefined || profile.name === ""
    ? unknown
    : profilePolicy(profile, unknown, how);
}

/** A policy that only forwards where the client meant to go; one that cannot be read does not. */
function isFallback({ metadata, protocol }: ClientPolicy): boolean {
  return (
    metadata.kind === "default" &&
    metadata.name === "egress-fallback" &&
    protocol.type !== "invalid"
  );
}
