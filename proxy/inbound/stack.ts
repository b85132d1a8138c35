/** The inbound path of a request, top to bottom. */

import type { ResponseHead } from "#lib/http/message.ts";
import { removeHopByHop } from "#lib/http/semantics.ts";
import type { Counter } from "#lib/metrics/counter.ts";
import { Stack, type Station, type Verdict } from "#lib/stack/stack.ts";
import type { Direction } from "../http/direction.ts";
import type { Forwarded } from "../http/forwarded.ts";
import { CLIENT_ID, removeMeshHeaders } from "../http/mesh-headers.ts";
import { carryResponse, restoreRequest } from "../http/orig-proto.ts";
import { ANSWERS, type ErrorKind } from "../http/rescue.ts";
import { authorize, type Caller } from "../policy/authorization.ts";
import type { ServerPolicy } from "../policy/server-policy.ts";
import type { HttpScope } from "../telemetry/http-metrics.ts";
import { clientTlsLabels, policyLabels, serverLabels, targetLabels } from "../telemetry/labels.ts";
import type { Runtime } from "../transport/runtime.ts";
import type { AppPools } from "./forward.ts";
import type { PortPolicy } from "./ports.ts";

/** What was decided for a caller under one version of the policy. */
interface Decision {
  readonly policy: ServerPolicy;
  readonly scope: HttpScope;
  readonly allowed: Counter | undefined;
  readonly denied: Counter;
}

/** A connection whose requests go the inbound path; it is the direction of all of them. */
export interface InboundCaller {
  readonly caller: Caller;
  readonly target: { readonly ip: string; readonly port: number };
  readonly port: PortPolicy;
  readonly pools: AppPools;
}

/** A request on the inbound path: it needs to remember nothing but its connection. */
export type InboundRequest = Forwarded<undefined>;

/** What inbound does with the requests of one connection. */
export class InboundDirection implements Direction<InboundRequest> {
  readonly path: Stack<InboundRequest>;
  readonly retryFrom: number;
  readonly informational: boolean;
  readonly rescues = false;
  readonly pools: AppPools;
  readonly #runtime: Runtime;
  readonly #connection: InboundCaller;
  #decision: Decision | undefined;
  /** The application has kept a connection after an answer to this caller. */
  #kept = false;

  constructor(runtime: Runtime, connection: InboundCaller) {
    this.#runtime = runtime;
    this.#connection = connection;
    this.pools = connection.pools;
    this.informational = connection.caller.tls.type === "identity";
    this.path = INBOUND_PATH;
    this.retryFrom = INBOUND_PATH.indexOf("forward");
  }

  now(): number {
    return this.#runtime.clock.now();
  }

  /** Counts the request for its port and says whether its caller may make it; asked anew when policy has changed. */
  allows(request: InboundRequest): boolean {
    let decision = this.#decision;
    if (decision === undefined || decision.policy !== this.#connection.port.current) {
      decision = this.#decide(this.#connection.port.current);
      this.#decision = decision;
    }
    request.scope = decision.scope;
    (decision.allowed ?? decision.denied).increment();
    return decision.allowed !== undefined;
  }

  onSend(request: InboundRequest): void {
    const { headers } = request.request;
    if (request.attempt.sends > 1) return;
    removeHopByHop(headers, true);
    removeMeshHeaders(headers);
    const { tls } = this.#connection.caller;
    if (tls.type === "identity") headers.add(CLIENT_ID, tls.name);
  }

  onResponse(request: InboundRequest, head: ResponseHead): void {
    const last = !this.informational && this.#isLast(head);
    removeHopByHop(head.headers, head.status === 101);
    removeMeshHeaders(head.headers);
    if (request.carried) carryResponse(head);
    if (last) head.headers.add("connection", "close");
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
    // Only outbound has another endpoint to go to.
  }

  onError(_: InboundRequest, kind: ErrorKind): void {
    const { target, port } = this.#connection;
    const labels = { ...targetLabels(target), ...serverLabels(port.current.labels, port.port) };
    this.#runtime.errors.inboundHttp.with({ ...labels, error: ANSWERS[kind].label }).increment();
  }

  onReleased(): void {
    // Nothing is balanced here.
  }

  #decide(policy: ServerPolicy): Decision {
    const { caller, target, port } = this.#connection;
    const authorization = authorize(policy, caller);
    const server = serverLabels(policy.labels, port.port);
    const route = policyLabels("route", { group: "", kind: "default", name: "default" });
    const authz = authorization && policyLabels("authz", authorization.labels);
    const common = { ...targetLabels(target), ...clientTlsLabels(caller.tls), ...server };
    const { errors, http } = this.#runtime;
    return {
      policy,
      scope: http.scope({ direction: "inbound" }, common, route, authz ?? {}),
      allowed: authz && errors.httpAllow.with({ ...common, ...route, ...authz }),
      denied: errors.httpDeny.with({ ...common, ...route }),
    };
  }
}

const directionOf = (request: InboundRequest): InboundDirection =>
  request.direction as InboundDirection;

const authorizeStation: Station<InboundRequest> = {
  name: "authorize",
  enter: (request): Verdict => {
    if (directionOf(request).allows(request)) return "next";
    request.scope?.requests.increment();
    request.fail("unauthorized", "unauthorized request on route");
    return "answered";
  },
};

const forward: Station<InboundRequest> = {
  name: "forward",
  enter: (request): Verdict => {
    const { informational, pools } = directionOf(request);
    // Only another proxy carries: who has no identity is none.
    if (request.request.version === "HTTP/2" && !request.carried && informational)
      request.carried = restoreRequest(request.request);
    const http2 = request.request.version === "HTTP/2" && !request.upgrades;
    (http2 ? pools.http2 : pools.http1).acquire(request);
    return "next";
  },
};

const INBOUND_PATH: Stack<InboundRequest> = new Stack(authorizeStation, forward);
