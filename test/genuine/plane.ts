/**
 * A control plane that is as strict as Linkerd's and says only what a script has: over TLS, under its own identities, in
 * a network namespace. What a genuine one would not have been asked is kept in `violations`.
 */

import { createPrivateKey } from "node:crypto";
import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  toBinary,
} from "@bufbuild/protobuf";
import { formatSocketAddr } from "#lib/addr/socket-addr.ts";
import {
  DestinationProfileSchema,
  GetDestinationSchema,
  UpdateSchema,
} from "#lib/api/gen/proxy/destination_pb.ts";
import { CertifyRequestSchema, CertifyResponseSchema } from "#lib/api/gen/proxy/identity_pb.ts";
import { PortSpecSchema, ServerSchema } from "#lib/api/gen/proxy/inbound_pb.ts";
import { OutboundPolicySchema, TrafficSpecSchema } from "#lib/api/gen/proxy/outbound_pb.ts";
import { frameMessage } from "#lib/grpc/framing.ts";
import { type CallHandler, createGrpcHandler, type ServerCall } from "#lib/grpc/server.ts";
import { GrpcCode } from "#lib/grpc/status.ts";
import type { ServerHandler } from "#lib/http-io/exchange.ts";
import { type Listener, listen } from "#lib/net/listener.ts";
import { TlsCredentials } from "#lib/net/tls.ts";
import { inNetns } from "#lib/sys/netns.ts";
import { parseRequest } from "#lib/x509/parse-request.ts";
import { toSocketAddr } from "../../proxy/control/convert.ts";
import { FakeAuthority } from "../fake/authority.ts";
import {
  certifyProblem,
  getProblem,
  outboundProblem,
  portProblem,
  profileProblem,
  type Told,
} from "./calls.ts";
import { takeAtDoor } from "./door.ts";
import { kindsIn } from "./kinds.ts";
import { Streams } from "./streams.ts";

/** Where a service of it listens and who it is. */
interface ServiceSpec {
  readonly port: number;
  readonly identity: string;
  /** Whether its callers are expected to show who they are; none has a certificate before Certify. */
  readonly authenticated: boolean;
}

const identityOf = (name: string): string =>
  `linkerd-${name}.linkerd.serviceaccount.identity.linkerd.cluster.local`;

/** As Linkerd's Services have them. */
export const SERVICES: Readonly<Record<"identity" | "destination" | "policy", ServiceSpec>> = {
  identity: { port: 8080, identity: identityOf("identity"), authenticated: false },
  destination: { port: 8086, identity: identityOf("destination"), authenticated: true },
  policy: { port: 8090, identity: identityOf("destination"), authenticated: true },
};

/** What a script sends. */
export type OutboundInit = MessageInitShape<typeof OutboundPolicySchema>;
export type ProfileInit = MessageInitShape<typeof DestinationProfileSchema>;
export type UpdateInit = MessageInitShape<typeof UpdateSchema>;
export type ServerInit = MessageInitShape<typeof ServerSchema>;

/** How long a certificate holds. */
const LIFETIME_MS = 3_600_000;
const onFault = (error: Error): void => {
  throw error;
};

/** The control plane. */
export class ScriptedPlane {
  /** What was asked that a genuine one would refuse, and what was done that a genuine proxy does not do. */
  readonly violations: string[] = [];
  /** Every field of every message that was sent. */
  readonly sent: Set<string> = new Set();
  /** Whether nothing is said of ports: a control plane that is there and has not come to it yet. */
  silentPorts = false;
  /** Methods called, in order. */
  readonly called: string[] = [];
  readonly outbound: Streams = new Streams();
  readonly profiles: Streams = new Streams();
  readonly endpoints: Streams = new Streams();
  readonly ports: Streams = new Streams();
  readonly #policies = new Map<string, OutboundInit>();
  readonly #profileOf = new Map<string, ProfileInit>();
  readonly #updates = new Map<string, readonly UpdateInit[]>();
  readonly #servers = new Map<number, ServerInit>();
  readonly #root: FakeAuthority;
  readonly #issuer: FakeAuthority;
  readonly #issuerDer: Uint8Array;
  readonly #told: Told;
  readonly #listeners: readonly Listener[];
  /** Of ports that no script names. */
  readonly #otherwise: ServerInit;

  constructor(
    root: FakeAuthority,
    place: { readonly netns: string; readonly ip: string },
    { told, otherwise }: { readonly told: Told; readonly otherwise: ServerInit },
  ) {
    const issuer = root.issueNameless("identity.linkerd.cluster.local");
    this.#root = root;
    this.#issuer = new FakeAuthority(
      "identity.linkerd.cluster.local",
      createPrivateKey(issuer.keyPem),
    );
    this.#issuerDer = issuer.der;
    this.#told = told;
    this.#otherwise = otherwise;
    const prefix = "/io.linkerd.proxy.";
    this.#listeners = inNetns(place.netns, () => [
      this.#listen(place.ip, SERVICES.identity, {
        [`${prefix}identity.Identity/Certify`]: (call) => this.#certify(call),
      }),
      this.#listen(place.ip, SERVICES.destination, {
        [`${prefix}destination.Destination/Get`]: (call) => this.#get(call),
        [`${prefix}destination.Destination/GetProfile`]: (call) => this.#profile(call),
      }),
      this.#listen(place.ip, SERVICES.policy, {
        [`${prefix}outbound.OutboundPolicies/Watch`]: (call) => this.#outbound(call),
        [`${prefix}inbound.InboundServerPolicies/WatchPort`]: (call) => this.#port(call),
      }),
    ]);
  }

  /** Says the policy of an address, `ip:port`, or of an authority, also to those who follow it. */
  sayOutbound(target: string, policy: OutboundInit): void {
    this.#policies.set(target, policy);
    for (const call of this.outbound.of(target)) this.#send(call, OutboundPolicySchema, policy);
  }

  /** Says the profile of a path of GetProfile. */
  sayProfile(path: string, profile: ProfileInit): void {
    this.#profileOf.set(path, profile);
    for (const call of this.profiles.of(path)) this.#send(call, DestinationProfileSchema, profile);
  }

  /** Says updates of a path of Get, which new streams are told from the first on. */
  sayEndpoints(path: string, ...updates: readonly UpdateInit[]): void {
    this.#updates.set(path, [...(this.#updates.get(path) ?? []), ...updates]);
    for (const call of this.endpoints.of(path))
      for (const update of updates) this.#send(call, UpdateSchema, update);
  }

  /** Says the policy of a port. */
  sayPort(port: number, server: ServerInit): void {
    this.#servers.set(port, server);
    for (const call of this.ports.of(String(port))) this.#send(call, ServerSchema, server);
  }

  /** Ends every stream, as a controller does that goes away or has reached a stream's time. */
  endStreams(): void {
    for (const streams of [this.outbound, this.profiles, this.endpoints, this.ports])
      streams.end(GrpcCode.UNAVAILABLE);
  }

  stop(): void {
    for (const listener of this.#listeners) listener.stop();
  }

  #listen(ip: string, service: ServiceSpec, methods: Record<string, CallHandler>): Listener {
    const material = { ...this.#root.issue(service.identity), anchorsPem: this.#root.anchorsPem };
    const credentials = new TlsCredentials(material);
    const grpc = createGrpcHandler(new Map(Object.entries(methods)));
    const door = {
      ...{ ...service, credentials, client: service.authenticated ? this.#told.localName : "" },
      handler: this.#checked(grpc),
      onViolation: (what: string) => void this.violations.push(`port ${service.port}: ${what}`),
    };
    return listen({ ip, port: service.port }, (stream) => takeAtDoor(stream, door), onFault);
  }

  /** The same handler, behind a look at what every gRPC request has (gRPC over HTTP/2, Request-Headers). */
  #checked(handler: ServerHandler): ServerHandler {
    return {
      ...handler,
      onRequest: (stream) => {
        const { method, path, scheme, headers } = stream.request;
        this.called.push(path);
        const wrong = [
          ["method", method, "POST"],
          ["scheme", scheme === "http" || scheme === "https" ? "" : scheme, ""],
          ["te", headers.get("te"), "trailers"],
          ["content-type", headers.get("content-type"), "application/grpc"],
        ].filter(([, is, must]) => is !== must);
        for (const [what, is] of wrong) this.violations.push(`${path}: ${what} is ${is}`);
        handler.onRequest(stream);
      },
    };
  }

  /** Ends a call that a genuine control plane refuses, and remembers it; true where it did. */
  #refused(call: ServerCall, problem: string | undefined): boolean {
    if (problem === undefined) return false;
    this.violations.push(problem);
    call.end(GrpcCode.INVALID_ARGUMENT, problem);
    return true;
  }

  #send<D extends DescMessage>(call: ServerCall, schema: D, init: MessageInitShape<D>): void {
    const message = create(schema, init);
    for (const kind of kindsIn(schema, message)) this.sent.add(kind);
    call.send(frameMessage(toBinary(schema, message)));
  }

  #certify(call: ServerCall): void {
    if (this.#refused(call, certifyProblem(call.request, this.#told))) return;
    const { identity, certificateSigningRequest } = fromBinary(CertifyRequestSchema, call.request);
    const key = parseRequest(certificateSigningRequest)?.publicKey;
    if (key === undefined) return;
    const seconds = BigInt(Math.floor((Date.now() + LIFETIME_MS) / 1000));
    this.#send(call, CertifyResponseSchema, {
      leafCertificate: this.#issuer.certify(identity, key, LIFETIME_MS),
      intermediateCertificates: [this.#issuerDer],
      validUntil: { seconds, nanos: 500_000_000 },
    });
    call.end(GrpcCode.OK, "");
  }

  #get(call: ServerCall): void {
    if (this.#refused(call, getProblem(call.request, this.#told))) return;
    const { path } = fromBinary(GetDestinationSchema, call.request);
    this.endpoints.add(path, call);
    const none: UpdateInit = { update: { case: "noEndpoints", value: { exists: false } } };
    for (const update of this.#updates.get(path) ?? [none]) this.#send(call, UpdateSchema, update);
  }

  #profile(call: ServerCall): void {
    if (this.#refused(call, profileProblem(call.request, this.#told))) return;
    const { path } = fromBinary(GetDestinationSchema, call.request);
    this.profiles.add(path, call);
    this.#send(call, DestinationProfileSchema, this.#profileOf.get(path) ?? {});
  }

  #outbound(call: ServerCall): void {
    if (this.#refused(call, outboundProblem(call.request, this.#told))) return;
    const { target } = fromBinary(TrafficSpecSchema, call.request);
    const addr = target.case === "addr" ? toSocketAddr(target.value) : undefined;
    const key = addr === undefined ? String(target.value) : formatSocketAddr(addr);
    const policy = this.#policies.get(key);
    if (policy === undefined) {
      call.end(GrpcCode.NOT_FOUND, "No such policy");
      return;
    }
    this.outbound.add(key, call);
    this.#send(call, OutboundPolicySchema, policy);
  }

  #port(call: ServerCall): void {
    if (this.#refused(call, portProblem(call.request, this.#told))) return;
    const { port } = fromBinary(PortSpecSchema, call.request);
    this.ports.add(String(port), call);
    if (!this.silentPorts)
      this.#send(call, ServerSchema, this.#servers.get(port) ?? this.#otherwise);
  }
}
