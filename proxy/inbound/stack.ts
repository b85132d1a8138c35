/** The inbound path of a request, top to bottom. */

import { formatSocketAddr } from "#lib/addr/socket-addr.ts";
import type { ResponseHead } from "#lib/http/message.ts";
import { removeHopByHop } from "#lib/http/semantics.ts";
import type { ClientConnection } from "#lib/http-io/exchange.ts";
import { Stack, type Station, type Verdict } from "#lib/stack/stack.ts";
import { isTunnel } from "../http/classify.ts";
import type { Direction } from "../http/direction.ts";
import { answerInbound } from "../http/filtered.ts";
import type { Forwarded } from "../http/forwarded.ts";
import type { InFlight } from "../http/in-flight.ts";
import { CLIENT_ID, namedBy, removeMeshHeaders } from "../http/mesh-headers.ts";
import { carryResponse, restoreRequest } from "../http/orig-proto.ts";
import type { ErrorKind } from "../http/rescue.ts";
import type { Caller } from "../policy/authorization.ts";
import { filterRequest } from "../policy/filter.ts";
import { type ClientLimits, type RateLimiter, takeRequest } from "../policy/rate-limit.ts";
import { findRoute } from "../policy/route-match.ts";
import type { ServerPolicy } from "../policy/server-policy.ts";
import type { AccessEntry } from "../telemetry/access-log.ts";
import type { Lookers } from "../tracing/lookers.ts";
import { traced } from "../tracing/tracer.ts";
import type { Runtime } from "../transport/runtime.ts";
import { accessEntry } from "./access.ts";
import { arrivedOf, keepArrived } from "./arrived.ts";
import type { InboundCounts } from "./counts.ts";
import { Decisions } from "./decisions.ts";
import type { AppPools } from "./forward.ts";
import { type GatewaySession, gatewayStation } from "./gateway.ts";
import type { PortPolicy } from "./ports.ts";
import type { FollowedProfile, InboundProfiles } from "./profiles.ts";
import { tapSubject } from "./tap-subject.ts";
import { Tunnels } from "./tunnels.ts";

/** A connection whose requests go the inbound path; it is the direction of all of them. */
export interface InboundCaller {
  readonly caller: Caller;
  readonly callerPort: number;
  /** Told of each answer, where there is an access log. */
  readonly access?: ((entry: AccessEntry) => void) | undefined;
  readonly target: { readonly ip: string; readonly port: number };
  readonly port: PortPolicy;
  readonly pools: AppPools;
  readonly inFlight: InFlight;
  /** Where its requests go on, where that is not the application (P28). */
  readonly gateway?: GatewaySession | undefined;
  /** Undefined where the requests are for the proxy itself. */
  readonly counts: InboundCounts | undefined;
  /** Who looks at its requests, where they may be looked at. */
  readonly lookers?: Lookers | undefined;
  /** The profiles by which its requests are counted, where there are some. */
  readonly profiles?: InboundProfiles | undefined;
}

/** A request on the inbound path, which remembers the policy that it was let in by. */
export type InboundRequest = Forwarded<ServerPolicy>;

/** What inbound does with the requests of one connection. */
export class InboundDirection implements Direction<InboundRequest> {
  readonly path: Stack<InboundRequest>;
  readonly retryFrom: number;
  readonly informational: boolean;
  readonly rescues = false;
  readonly pools: AppPools;
  readonly inFlight: InFlight;
  readonly gateway: GatewaySession | undefined;
  readonly #runtime: Runtime;
  readonly #connection: InboundCaller;
  /** The policy that what follows holds for. */
  #policy: ServerPolicy;
  #decisions: Decisions;
  /** What the last request named, and the profile of that. */
  #named: string | undefined;
  #profile: FollowedProfile | undefined;
  #limiter: RateLimiter | undefined;
  #limits: ClientLimits | undefined;
  /** There are some once a request has become one. */
  #tunnels: Tunnels | undefined;
  /** As lines of the access log have it. */
  #client: string | undefined;
  /** The application has kept a connection after an answer to this caller. */
  #kept = false;

  constructor(runtime: Runtime, connection: InboundCaller) {
    this.#runtime = runtime;
    this.#connection = connection;
    this.pools = connection.pools;
    this.inFlight = connection.inFlight;
    this.informational = connection.caller.tls.type === "identity";
    this.gateway = connection.gateway;
    this.path = this.gateway === undefined ? INBOUND_PATH : GATEWAY_PATH;
    this.retryFrom = this.path.indexOf("forward");
    this.#policy = connection.port.current;
    this.#decisions = new Decisions(runtime, connection);
    this.#limit();
  }

  /** The connection is gone. */
  close(): void {
    if (this.#limits !== undefined) this.#limiter?.release(this.#limits);
    this.#limits = undefined;
  }

  /** The verified identity of who calls; empty without one. */
  get clientId(): string {
    const { tls } = this.#connection.caller;
    return tls.type === "identity" ? tls.name : "";
  }

  now(): number {
    return this.#runtime.clock.now();
  }

  /**
   * Decides on a request as Linkerd's proxy does: its rule, who may call, filters, the rate limit, in this order. What
   * does not pass is answered, and no request of those that are let in. Asked anew when the policy has changed.
   */
  admit(request: InboundRequest): Verdict {
    const { current } = this.#connection.port;
    if (current !== this.#policy) this.#follow(current);
    request.route = current;
    const found = findRoute(current.routes, request.request);
    if (found === undefined) {
      this.#decisions.refusals.noRoute();
      return answered(request, "no-route", "no route found for request");
    }
    const { target: rule, prefix } = found;
    const decision = this.#decisions.of(rule);
    (decision.allowed ?? decision.denied).increment();
    if (decision.allowed === undefined) {
      this.#decisions.say("Request denied", rule, request.request);
      return answered(request, "unauthorized", "unauthorized request on route");
    }
    if (decision.audited) this.#decisions.say("Request allowed by audit", rule, request.request);
    keepArrived(request, rule, this.#connection);
    if (rule.fault !== undefined) return answered(request, "unexpected", rule.fault);
    if (rule.filters.length > 0) {
      const how = { prefix, random: this.#runtime.random };
      const answer = filterRequest(rule.filters, request.request, how);
      if (answer !== undefined) {
        answerInbound(request, answer);
        return "answered";
      }
    }
    const scope = this.#limits && takeRequest(this.#limits, this.now());
    if (scope === undefined || this.#limiter === undefined) {
      request.tally.scope = decision.authorities?.of(namedBy(request.request)) ?? decision.scope;
      request.tally.enter(decision.series?.whole);
      request.tally.dispatch(decision.series?.part, request.attempt.ended);
      return "next";
    }
    this.#decisions.refusals.limited(this.#limiter.limit, scope);
    return answered(request, "rate-limited", "too many requests");
  }

  /** Counts a request by the profile of what it names; the first ones wait until that is known. */
  count(request: InboundRequest): Verdict {
    const { profiles } = this.#connection;
    if (profiles === undefined) return "next";
    const named = namedBy(request.request);
    if (named !== this.#named || this.#profile?.gone === true) {
      this.#named = named;
      this.#profile = profiles.of(named);
    }
    if (this.#profile === undefined) return "next";
    if (this.#profile.waits) {
      this.#profile.wait(() => request.run());
      return "parked";
    }
    const series = this.#profile.find(request.request);
    if (series !== undefined) request.tally.enterProfile(series);
    return "next";
  }

  #follow(policy: ServerPolicy): void {
    this.#policy = policy;
    this.#decisions = new Decisions(this.#runtime, this.#connection);
    if (this.#connection.port.limiter !== this.#limiter) this.#limit();
  }

  /** Counts this connection's requests by the limits of now. */
  #limit(): void {
    this.close();
    this.#limiter = this.#connection.port.limiter;
    this.#limits = this.#limiter?.acquire(this.clientId || undefined, this.now());
  }

  via(request: InboundRequest, connection: ClientConnection): ClientConnection {
    const { lookers } = this.#connection;
    if (lookers === undefined) return connection;
    const via = traced(lookers.tracer, connection, request.request);
    if (!lookers.taps.active) return via;
    const labels = this.#decisions.labelsOf(arrivedOf(request));
    return lookers.taps.watch(via, tapSubject(request.request, this.#connection, labels));
  }

  onSend(request: InboundRequest): void {
    const { headers } = request.request;
    if (request.attempt.sends > 1) return;
    removeHopByHop(headers, true);
    removeMeshHeaders(headers);
    if (this.clientId !== "") headers.add(CLIENT_ID, this.clientId);
  }

  onResponse(request: InboundRequest, head: ResponseHead): void {
    const last = !this.informational && this.#isLast(head);
    removeHopByHop(head.headers, head.status === 101);
    // What comes from the outbound side has lost them where they were not the mesh's.
    if (this.gateway === undefined) removeMeshHeaders(head.headers);
    if (request.turned === "carried") carryResponse(head);
    if (last) head.headers.add("connection", "close");
    if (!isTunnel(request.request.method, head.status)) return;
    this.#tunnels ??= new Tunnels(this.#runtime, this.#connection);
    this.#tunnels.add(request);
  }

  onAnswer(request: InboundRequest, head: ResponseHead): void {
    const { access, caller, callerPort } = this.#connection;
    if (access === undefined) return;
    this.#client ??= formatSocketAddr({ ip: caller.ip, port: callerPort });
    const { clientId } = this;
    access(
      accessEntry(request, head, { client: this.#client, clientId, clock: this.#runtime.clock }),
    );
  }

  /**
   * Whether an application that kept connections so far ends them: it is going, and a caller from outside, who cannot be
   * led elsewhere by us, is to come again as it would without a proxy.
   */
  #isLast({ version, status, headers }: ResponseHead): boolean {
    if (version === "HTTP/2" || status === 101) return false;
    if (headers.get("connection")?.toLowerCase() === "close") return this.#kept;
    this.#kept = true;
    return false;
  }

  isMeshed(): boolean {
    return false;
  }

  onEndpointFailed(): void {
    // The application is one endpoint; whether it is up shows with the next request.
  }

  onRescued(): void {
    // It is outbound that has another endpoint.
  }

  onOutcome(): void {
    // The application is not left alone.
  }

  onAttemptOver(request: InboundRequest): void {
    this.#tunnels?.delete(request);
  }

  onRetry(): number {
    return this.retryFrom;
  }

  onError(_: InboundRequest, kind: ErrorKind): void {
    this.#decisions.refusals.error(kind);
  }

  onReleased(): void {
    // Nothing is balanced here.
  }
}

/** Answers a request that goes no further. */
function answered(request: InboundRequest, kind: ErrorKind, message: string): Verdict {
  request.fail(kind, message);
  return "answered";
}

const directionOf = (request: InboundRequest): InboundDirection =>
  request.direction as InboundDirection;

const policyStation: Station<InboundRequest> = {
  name: "policy",
  enter: (request) => directionOf(request).admit(request),
};

const profile: Station<InboundRequest> = {
  name: "profile",
  enter: (request) => directionOf(request).count(request),
};

const forward: Station<InboundRequest> = {
  name: "forward",
  enter: (request): Verdict => {
    const { informational, pools } = directionOf(request);
    // Only another proxy carries: who has no identity is none.
    if (request.request.version === "HTTP/2" && request.turned === "nothing" && informational)
      if (restoreRequest(request.request)) request.turned = "carried";
    const http2 = request.request.version === "HTTP/2" && request.turned !== "upgrade";
    request.attempt.acquire(http2 ? pools.http2 : pools.http1, request);
    return "next";
  },
};

const INBOUND_PATH: Stack<InboundRequest> = new Stack(policyStation, profile, forward);
const gateway = gatewayStation(directionOf);
const GATEWAY_PATH: Stack<InboundRequest> = new Stack(policyStation, gateway, forward);
