/** The outbound path of a request, top to bottom. */

import type { ResponseHead } from "#lib/http/message.ts";
import { removeHopByHop } from "#lib/http/semantics.ts";
import type { ClientConnection } from "#lib/http-io/exchange.ts";
import type { Counter } from "#lib/metrics/counter.ts";
import { Alarms } from "#lib/stack/alarms.ts";
import { Stack, type Station, type Verdict } from "#lib/stack/stack.ts";
import { answerClass } from "../http/classify.ts";
import type { Direction } from "../http/direction.ts";
import { answerOutbound } from "../http/filtered.ts";
import type { InFlight } from "../http/in-flight.ts";
import { CANONICAL, removeMeshHeaders, takeRequiredId } from "../http/mesh-headers.ts";
import { carry, isCarriable, restoreRequest, restoreResponse } from "../http/orig-proto.ts";
import { ANSWERS, type ErrorKind } from "../http/rescue.ts";
import { type Filter, filterRequest, filterResponse } from "../policy/filter.ts";
import { findRoute } from "../policy/route-match.ts";
import type { Lookers } from "../tracing/lookers.ts";
import { traced } from "../tracing/tracer.ts";
import type { Runtime } from "../transport/runtime.ts";
import { armRequest } from "./armed.ts";
import type { EndpointClient } from "./endpoint.ts";
import { pickBackend } from "./logical.ts";
import type { OutboundRequest } from "./outbound-route.ts";
import { balance } from "./queue.ts";
import type { ResolvedRule } from "./resolved.ts";
import { tapSubject } from "./tap-subject.ts";

/** A request that says where it goes may come before it is known how (P27); a connection waits for that. */
function awaitPolicy(request: OutboundRequest): Verdict {
  request.route.destination.whenKnownSoon(
    () => request.run(),
    () => request.fail("failfast", "service in fail-fast"),
  );
  return "parked";
}

const logical = ({
  random,
  clock,
}: Pick<Runtime, "random" | "clock">): Station<OutboundRequest> => {
  const alarms = new Alarms(clock);
  return {
    name: "logical",
    enter: (request): Verdict => {
      const { route, request: head } = request;
      const { policy } = route.destination;
      if (policy === undefined) return awaitPolicy(request);
      const found = findRoute(head.version === "HTTP/2" ? policy.http2 : policy.http1, head);
      route.rule = found?.target;
      route.prefix = found?.prefix;
      if (found !== undefined) {
        begin(request, found.target, alarms);
        return filtered(request, found.target.filters, random);
      }
      if (policy.type === "invalid") request.fail("invalid-policy", "unexpected error");
      else if (policy.type === "unknown") request.fail("unexpected", "routing by name: not found");
      else request.fail("no-route", "no route found for request");
      return "answered";
    },
  };
};

/** A request goes by a rule: it is counted, and given what it has of time and tries. */
function begin(request: OutboundRequest, rule: ResolvedRule, alarms: Alarms): void {
  request.tally.enter(rule.series?.of(request.request.authority));
  if (rule.profile !== undefined) request.tally.enterProfile(rule.profile);
  if (rule.times !== undefined || rule.retries !== undefined) armRequest(request, rule, alarms);
}

const concrete = (random: () => number): Station<OutboundRequest> => ({
  name: "concrete",
  enter: (request): Verdict => {
    const { route } = request;
    const backend = route.rule && pickBackend(route.rule, random);
    route.backend = backend;
    route.tryAgain();
    if (backend === undefined) {
      request.fail("unexpected", "unexpected error");
      return "answered";
    }
    request.tally.dispatch(backend.series, request.attempt.ended);
    const verdict = filtered(request, backend.filters, random);
    if (verdict !== "next") return verdict;
    route.goesBy(backend.balancer);
    if (backend.balancer !== undefined) return "next";
    request.fail("invalid-backend", "backend is invalid");
    return "answered";
  },
});

/** Filters of a rule, then those of the backend that was picked (Gateway API). */
function filtered(
  request: OutboundRequest,
  filters: readonly Filter[],
  random: () => number,
): Verdict {
  if (filters.length === 0) return "next";
  const { prefix } = request.route;
  const answer = filterRequest(filters, request.request, { prefix, random });
  if (answer === undefined) return "next";
  answerOutbound(request, answer);
  return "answered";
}

const endpoint: Station<OutboundRequest> = {
  name: "endpoint",
  enter: (request): Verdict => {
    const client = request.route.endpoint as EndpointClient;
    const { request: head, route } = request;
    if (request.attempt.count === 0) route.requiredId = takeRequiredId(head.headers);
    if (route.requiredId !== undefined && route.requiredId !== client.provenId) {
      const found = client.provenId === undefined ? "none" : `"${client.provenId}"`;
      request.fail("identity-required", `required id "${route.requiredId}"; found ${found}`);
      return "answered";
    }
    route.isProbe = client.begin();
    request.tally.scope = client.scope;
    if (request.turned === "carried" && !client.carries)
      if (restoreRequest(head)) request.turned = "nothing";
    const http2 =
      head.version === "HTTP/2"
        ? request.turned !== "upgrade"
        : client.carries && isCarriable(head);
    request.attempt.acquire(client.connections(http2), request);
    return "next";
  },
};

/** Composes the path; it is shared by all connections. */
export function outboundPath(runtime: Pick<Runtime, "random" | "clock">): Stack<OutboundRequest> {
  return new Stack(logical(runtime), concrete(runtime.random), balance, endpoint);
}

/** What outbound does with its requests: one object for all connections. */
export class OutboundDirection implements Direction<OutboundRequest> {
  readonly path: Stack<OutboundRequest>;
  readonly retryFrom: number;
  readonly informational: boolean;
  readonly rescues = true;
  readonly inFlight: InFlight;
  readonly #runtime: Runtime;
  readonly #lookers: Lookers;
  readonly #repickFrom: number;
  readonly #errors: { -readonly [kind in ErrorKind]?: Counter } = {};

  constructor(
    runtime: Runtime,
    {
      informational,
      inFlight,
      lookers,
    }: Pick<Direction<OutboundRequest>, "informational" | "inFlight"> & {
      readonly lookers: Lookers;
    },
  ) {
    this.#runtime = runtime;
    this.#lookers = lookers;
    this.inFlight = inFlight;
    this.path = outboundPath(runtime);
    this.retryFrom = this.path.indexOf("balance");
    this.#repickFrom = this.path.indexOf("concrete");
    this.informational = informational;
  }

  now(): number {
    return this.#runtime.clock.now();
  }

  via(request: OutboundRequest, connection: ClientConnection): ClientConnection {
    const { taps } = this.#lookers;
    const via = traced(this.#lookers.tracer, connection, request.request);
    return taps.active ? taps.watch(via, tapSubject(request)) : via;
  }

  onSend(request: OutboundRequest): void {
    const { request: head, route } = request;
    const authority = route.endpoint?.authority;
    if (authority !== undefined || route.asked !== undefined) {
      route.asked ??= head.authority;
      head.authority = authority?.text ?? route.asked;
      head.headers.delete(CANONICAL);
    }
    const canonical = route.rule?.canonical;
    if (canonical !== undefined && authority === undefined) head.headers.set(CANONICAL, canonical);
    if (request.turned === "carried" || head.version === "HTTP/2") return;
    removeHopByHop(head.headers, true);
    if (route.endpoint?.carries !== true || !isCarriable(head)) return;
    carry(head);
    request.turned = "carried";
  }

  onResponse(request: OutboundRequest, head: ResponseHead): void {
    request.route.endpoint?.succeeded();
    if (request.turned === "carried") restoreResponse(head);
    if (!this.isMeshed(request)) removeMeshHeaders(head.headers);
    const closes = head.headers.get("l5d-proxy-connection") === "close";
    removeHopByHop(head.headers, head.status === 101);
    const { backend, rule } = request.route;
    if (backend !== undefined && backend.filters.length > 0)
      filterResponse(backend.filters, head.headers);
    if (rule !== undefined && rule.filters.length > 0) filterResponse(rule.filters, head.headers);
    if (closes) head.headers.add("connection", "close");
  }

  /** It will not be tried again. */
  onAnswer({ route }: OutboundRequest): void {
    route.goesBy(undefined);
  }

  isMeshed({ route }: OutboundRequest): boolean {
    return route.endpoint?.meshed === true;
  }

  onEndpointFailed(request: OutboundRequest): void {
    const { endpoint: client } = request.route;
    client?.failed();
  }

  onOutcome({ route }: OutboundRequest, status: number, grpcStatus: number): void {
    const client = route.endpoint;
    if (client?.accrual === undefined) return;
    const { isProbe } = route;
    route.isProbe = false;
    client.answered(answerClass(status, grpcStatus), isProbe);
  }

  onAttemptOver({ route, done }: OutboundRequest): void {
    if (done) route.goesBy(undefined);
    if (!route.isProbe) return;
    route.isProbe = false;
    route.endpoint?.abandoned();
  }

  onRetry({ route, tally, attempt }: OutboundRequest): number {
    if (route.rule?.repicks === true) return this.#repickFrom;
    tally.dispatch(route.backend?.series, attempt.ended);
    route.tryAgain();
    return this.retryFrom;
  }

  onRescued(): void {
    this.#runtime.errors.rescued.increment();
  }

  onError(_: OutboundRequest, kind: ErrorKind): void {
    this.#errors[kind] ??= this.#runtime.errors.outboundHttp.with({ error: ANSWERS[kind].label });
    this.#errors[kind].increment();
  }

  onReleased({ route }: OutboundRequest, waitedMs: number, head?: ResponseHead): void {
    const client = route.endpoint;
    if (client === undefined) return;
    client.pending--;
    if (waitedMs >= 0) client.measured(waitedMs, head);
  }
}
