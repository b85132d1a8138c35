/** A control plane in memory, on loopback: certificates, endpoints and policies as a test sets them. */

import { X509Certificate } from "node:crypto";
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { formatSocketAddr, parseSocketAddr } from "#lib/addr/socket-addr.ts";
import { TrustBundleSchema } from "#lib/api/gen/identity/v1/trust_pb.ts";
import {
  DestinationProfileSchema,
  GetDestinationSchema,
  UpdateSchema,
  type WeightedAddrSchema,
} from "#lib/api/gen/proxy/destination_pb.ts";
import { CertifyRequestSchema, CertifyResponseSchema } from "#lib/api/gen/proxy/identity_pb.ts";
import { PortSpecSchema, ServerSchema } from "#lib/api/gen/proxy/inbound_pb.ts";
import {
  type BackendSchema,
  OutboundPolicySchema,
  TrafficSpecSchema,
} from "#lib/api/gen/proxy/outbound_pb.ts";
import { frameMessage } from "#lib/grpc/framing.ts";
import { type CallHandler, createGrpcHandler, type ServerCall } from "#lib/grpc/server.ts";
import { GrpcCode } from "#lib/grpc/status.ts";
import { serveHttp2 } from "#lib/http-io/http2-server.ts";
import { type Listener, listen } from "#lib/net/listener.ts";
import { parseRequest } from "#lib/x509/parse-request.ts";
import { fromSocketAddr, toSocketAddr } from "../../proxy/control/convert.ts";
import type { FakeAuthority } from "./authority.ts";
import { type FakeServer, serverMessage } from "./server-message.ts";

const second = (seconds: number) => ({ seconds: BigInt(seconds), nanos: 0 });

/** One endpoint that a test announces. */
export interface FakeEndpoint {
  readonly addr: string;
  readonly identity?: string;
  readonly directPort?: number;
  readonly opaque?: boolean;
  /** It is a gateway, for this name. */
  readonly authority?: string;
}

/** A service: its name for discovery, and how it is spoken; by detection where nothing is said. */
export interface FakeService {
  readonly path: string;
  readonly opaque: boolean;
  readonly http1?: boolean;
  readonly http2?: boolean;
  /** What its ServiceProfile says. */
  readonly profile?: MessageInitShape<typeof DestinationProfileSchema>;
  /** Instead: the whole policy, around the backend that is the balancer of the path. */
  readonly policy?: (backend: FakeBackend) => MessageInitShape<typeof OutboundPolicySchema>;
}

/** A backend as a message. */
export type FakeBackend = MessageInitShape<typeof BackendSchema>;

const OPEN = { allow: "all", ports: "detect", server: {} } as const;

/** Answers what proxies ask. */
export class FakeControlPlane {
  readonly listener: Listener;
  /** Services by the address that clients dial, or the name that they ask for: their path for discovery, and how they are spoken. */
  readonly services: Map<string, FakeService> = new Map();
  readonly certified: string[] = [];
  /** The default policy of every port; set before proxies connect, or follow with `announcePorts`. */
  allow: "all" | "authenticated" | "none" = "all";
  /** What every port is declared to speak; proxies let nobody in, not even from loopback, where they cannot read it. */
  ports: "detect" | "http1" | "http2" | "unreadable" = "detect";
  /** What every port is declared to be in place of that, where a test says it. */
  server: FakeServer = {};
  /** Ports that let everybody in, whatever is said of the others: those of proxies' metrics, where a test does not say more. */
  readonly openPorts: Set<number> = new Set();
  lifetimeMs = 3_600_000;
  /** Who signs certificates from now on. */
  issuer: FakeAuthority;
  readonly #trust = new Set<ServerCall>();
  #anchors: readonly Uint8Array[] | undefined;
  readonly #endpoints = new Map<string, readonly FakeEndpoint[]>();
  readonly #watchers = new Map<string, Set<ServerCall>>();
  readonly #ports = new Map<ServerCall, number>();
  /** Who follows the policy of which address or name. */
  readonly #followers = new Map<ServerCall, string>();

  constructor(authority: FakeAuthority) {
    this.issuer = authority;
    const methods = new Map<string, CallHandler>([
      ["/io.linkerd.proxy.identity.Identity/Certify", (call) => this.#certify(call)],
      ["/bunkerd.identity.v1.Trust/Watch", (call) => this.#watchTrust(call)],
      ["/io.linkerd.proxy.outbound.OutboundPolicies/Watch", (call) => this.#policy(call)],
      ["/io.linkerd.proxy.destination.Destination/GetProfile", (call) => this.#profile(call)],
      ["/io.linkerd.proxy.destination.Destination/Get", (call) => this.#get(call)],
      [
        "/io.linkerd.proxy.inbound.InboundServerPolicies/WatchPort",
        (call) => this.#watchPort(call),
      ],
    ]);
    const handler = createGrpcHandler(methods);
    const fault = (error: Error): void => {
      throw error;
    };
    this.listener = listen(
      { ip: "127.0.0.1", port: 0 },
      (stream) => serveHttp2(stream, handler, { now: () => performance.now() }),
      fault,
    );
  }

  /** Sets the endpoints of a path and tells everyone who watches it. */
  announce(path: string, endpoints: readonly FakeEndpoint[]): void {
    this.#endpoints.set(path, endpoints);
    for (const call of this.#watchers.get(path) ?? []) this.#sendEndpoints(call, path);
  }

  /** How many proxies follow the policy of a port; each has been told it. */
  followers(port: number): number {
    return this.#ports.values().reduce((sum, followed) => sum + Number(followed === port), 0);
  }

  /** Changes who may call, on every port. */
  announcePorts(allow: FakeControlPlane["allow"]): void {
    this.allow = allow;
    for (const call of this.#ports.keys()) this.#sendPort(call);
  }

  /** Streams these certificates as trust anchors; before that, the stream is as unknown as at a genuine Linkerd. */
  announceTrust(anchors: readonly Uint8Array[]): void {
    this.#anchors = anchors;
    for (const call of this.#trust) this.#sendTrust(call, anchors);
  }

  /** How many proxies follow the anchors. */
  get trusting(): number {
    return this.#trust.size;
  }

  stop(): void {
    this.listener.stop();
  }

  #watchTrust(call: ServerCall): void {
    if (this.#anchors === undefined) {
      call.end(GrpcCode.UNIMPLEMENTED, "unknown service");
      return;
    }
    this.#trust.add(call);
    call.onCancel = () => this.#trust.delete(call);
    this.#sendTrust(call, this.#anchors);
  }

  #sendTrust(call: ServerCall, anchors: readonly Uint8Array[]): void {
    const message = create(TrustBundleSchema, { anchors: [...anchors] });
    call.send(frameMessage(toBinary(TrustBundleSchema, message)));
  }

  #certify(call: ServerCall): void {
    const { identity, certificateSigningRequest } = fromBinary(CertifyRequestSchema, call.request);
    const request = parseRequest(certificateSigningRequest);
    if (request === undefined) {
      call.end(GrpcCode.INVALID_ARGUMENT, "bad request");
      return;
    }
    this.certified.push(identity);
    const leaf = this.issuer.certify(identity, request.publicKey, this.lifetimeMs);
    const until = new Date(new X509Certificate(leaf).validTo).getTime() / 1000;
    const response = create(CertifyResponseSchema, {
      leafCertificate: leaf,
      validUntil: second(until),
    });
    call.send(frameMessage(toBinary(CertifyResponseSchema, response)));
    call.end(GrpcCode.OK, "");
  }

  #policy(call: ServerCall): void {
    const { target } = fromBinary(TrafficSpecSchema, call.request);
    const addr = target.case === "addr" ? toSocketAddr(target.value) : undefined;
    const asked = target.case === "authority" ? target.value : addr && formatSocketAddr(addr);
    const service = asked === undefined ? undefined : this.services.get(asked);
    if (asked === undefined || service === undefined) {
      call.end(GrpcCode.NOT_FOUND, "no such service");
      return;
    }
    this.#followers.set(call, asked);
    call.onCancel = () => this.#followers.delete(call);
    sendPolicy(call, service);
  }

  /** Changes a service, and tells everyone who follows its policy. */
  announceService(asked: string, service: FakeService): void {
    this.services.set(asked, service);
    for (const [call, followed] of this.#followers)
      if (followed === asked) sendPolicy(call, service);
  }

  #profile(call: ServerCall): void {
    const { path } = fromBinary(GetDestinationSchema, call.request);
    const message = create(DestinationProfileSchema, this.services.get(path)?.profile ?? {});
    call.send(frameMessage(toBinary(DestinationProfileSchema, message)));
  }

  #get(call: ServerCall): void {
    const { path } = fromBinary(GetDestinationSchema, call.request);
    const watchers = this.#watchers.get(path) ?? new Set();
    this.#watchers.set(path, watchers.add(call));
    call.onCancel = () => watchers.delete(call);
    this.#sendEndpoints(call, path);
  }

  #sendEndpoints(call: ServerCall, path: string): void {
    const endpoints = this.#endpoints.get(path) ?? [];
    const none = create(UpdateSchema, { update: { case: "noEndpoints", value: { exists: true } } });
    call.send(frameMessage(toBinary(UpdateSchema, none)));
    if (endpoints.length === 0) return;
    const addrs = endpoints.map(weightedAddr);
    const add = create(UpdateSchema, {
      update: { case: "add", value: { addrs, metricLabels: { service: "fake" } } },
    });
    call.send(frameMessage(toBinary(UpdateSchema, add)));
  }

  #watchPort(call: ServerCall): void {
    this.#ports.set(call, fromBinary(PortSpecSchema, call.request).port);
    call.onCancel = () => this.#ports.delete(call);
    this.#sendPort(call);
  }

  #sendPort(call: ServerCall): void {
    const open = this.openPorts.has(this.#ports.get(call) ?? 0);
    const server = create(ServerSchema, serverMessage(open ? OPEN : this));
    call.send(frameMessage(toBinary(ServerSchema, server)));
  }
}

function sendPolicy(call: ServerCall, service: FakeService): void {
  const message = create(OutboundPolicySchema, policyOf(service));
  call.send(frameMessage(toBinary(OutboundPolicySchema, message)));
}

function policyOf({
  path,
  opaque,
  http1,
  http2,
  policy,
}: FakeService): MessageInitShape<typeof OutboundPolicySchema> {
  const metadata = { kind: { case: "default" as const, value: "fake" } };
  const backend: FakeBackend = {
    metadata,
    queue: { capacity: 100, failfastTimeout: second(1) },
    kind: {
      case: "balancer" as const,
      value: {
        discovery: { kind: { case: "dst" as const, value: { path } } },
        load: { case: "peakEwma" as const, value: { defaultRtt: second(1), decay: second(10) } },
      },
    },
  };
  if (policy !== undefined) return policy(backend);
  const backends = {
    kind: { case: "firstAvailable" as const, value: { backends: [{ backend }] } },
  };
  const routes = [{ metadata, rules: [{ backends }] }];
  const detect = { timeout: second(10), http1: { routes }, http2: { routes }, opaque: { routes } };
  if (opaque) return { metadata, protocol: { kind: { case: "opaque", value: { routes } } } };
  if (http1 === true) return { metadata, protocol: { kind: { case: "http1", value: { routes } } } };
  if (http2 === true) return { metadata, protocol: { kind: { case: "http2", value: { routes } } } };
  return { metadata, protocol: { kind: { case: "detect", value: detect } } };
}

function weightedAddr({
  addr,
  identity,
  directPort,
  opaque,
  authority = "",
}: FakeEndpoint): MessageInitShape<typeof WeightedAddrSchema> {
  const parsed = parseSocketAddr(addr);
  if (parsed === undefined) throw new Error(`Cannot announce ${addr}: it is no address`);
  const protocol =
    opaque === true ? { case: "opaque" as const, value: {} } : { case: "h2" as const, value: {} };
  return {
    addr: fromSocketAddr(parsed),
    weight: 10_000,
    metricLabels: { pod: "fake" },
    ...(authority !== "" && { authorityOverride: { authorityOverride: authority } }),
    ...(identity !== undefined && {
      tlsIdentity: { strategy: { case: "dnsLikeIdentity", value: { name: identity } } },
      protocolHint: {
        protocol,
        ...(directPort !== undefined && { opaqueTransport: { inboundPort: directPort } }),
      },
    }),
  };
}
