/** One request that is forwarded, between a client and connections that a test writes down. */

import { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead, ResponseHead } from "#lib/http/message.ts";
import type {
  ClientConnection,
  ClientStream,
  ConnectionSource,
  RequestHandler,
  ResponseHandler,
  ServerStream,
} from "#lib/http-io/exchange.ts";
import { Registry } from "#lib/metrics/registry.ts";
import { Alarms } from "#lib/stack/alarms.ts";
import { Stack, type Verdict } from "#lib/stack/stack.ts";
import type { Direction } from "../../proxy/http/direction.ts";
import { Forwarded } from "../../proxy/http/forwarded.ts";
import { InFlight } from "../../proxy/http/in-flight.ts";
import { type GivenTimes, RequestLimits, requestTimes } from "../../proxy/http/request-limits.ts";
import { Retry } from "../../proxy/http/retry.ts";
import type { RetryRule } from "../../proxy/policy/retry-rule.ts";
import { HostSeries } from "../../proxy/telemetry/host-series.ts";
import { answerOf, HttpMetrics, type HttpScope } from "../../proxy/telemetry/http-metrics.ts";
import { RetryMetrics } from "../../proxy/telemetry/retry-metrics.ts";
import { FakeClock } from "./clock.ts";

/** A head that a server answers with. */
export const answerHead = (
  status = 200,
  version: ResponseHead["version"] = "HTTP/2",
): ResponseHead => ({ status, version, headers: new HeaderList() });

/** A request, the endpoints that it went to, and what was said to all of them. */
export class FakeForwarding {
  readonly clock: FakeClock = new FakeClock();
  /** What the client was told. */
  readonly said: string[] = [];
  /** What the direction was told. */
  readonly told: string[] = [];
  /** What each connection was sent. */
  readonly sent: string[] = [];
  readonly stream: ServerStream;
  readonly forwarded: Forwarded<undefined>;
  /** Of the connection that it went to last. */
  upstream: ResponseHandler | undefined;

  /** It is begun, and waits for a connection. */
  constructor(over: Partial<RequestHead> = {}, requestEnded = true) {
    const request: RequestHead = {
      ...{ method: "GET", scheme: "", authority: "web", path: "/", protocol: "" },
      ...{ version: "HTTP/1.1", headers: new HeaderList() },
      ...over,
    };
    this.stream = this.#client(request, requestEnded);
    this.forwarded = new Forwarded(this.stream, this.#direction(), undefined);
  }

  /** Gives it a connection. */
  connect(): void {
    this.forwarded.onConnection(this.#connection());
  }

  readonly #source: ConnectionSource = {
    acquire: () => void this.told.push("waits"),
    cancel: () => void this.told.push("waits no longer"),
  };

  /** It is tried again at once as this rule says. */
  retry(over: Partial<RetryRule>): void {
    const rule: RetryRule = {
      ...{ limit: 1, maxRequestBytes: 100, statuses: [], codes: [] },
      ...{ timeoutMs: undefined, backoff: undefined, profile: undefined },
      ...over,
    };
    const counters = new RetryMetrics(new Registry(), "http").counters({});
    this.forwarded.retry = new Retry(
      rule,
      {
        ...{ budget: undefined, clock: this.clock, random: () => 0 },
        counters: new HostSeries(() => counters, false),
      },
      "web",
    );
  }

  /** It has these times, in milliseconds. */
  limit(given: GivenTimes): void {
    const times = requestTimes(given);
    if (times === undefined) throw new Error("Cannot limit a request: no time is given");
    this.forwarded.limits = new RequestLimits(this.forwarded, times, new Alarms(this.clock));
  }

  /** Counts how requests end. */
  scope(ends: string[]): HttpScope {
    const scope = new HttpMetrics(new Registry()).scope({});
    scope.end = (outcome) => {
      const { status, failed } = answerOf(outcome);
      ends.push(`${status}${failed ? " failed" : ""}`);
    };
    return scope;
  }

  #client(request: RequestHead, requestEnded: boolean): ServerStream {
    const { said } = this;
    return {
      request,
      requestEnded,
      handler: undefined as unknown as RequestHandler,
      pauseRequest: () => void said.push("pause"),
      resumeRequest: () => void said.push("resume"),
      sendInformational: ({ status }) => void said.push(`info ${status}`),
      sendHead: ({ status }, end) => void said.push(`${status}${end ? " end" : ""}`),
      sendBytes: (_, from, to) => said.push(`data ${to - from}`) > 0,
      sendEnd: () => void said.push("end"),
      resetResponse: (code) => void said.push(`reset ${code}`),
    };
  }

  #connection(): ClientConnection {
    const { sent } = this;
    const stream: ClientStream = {
      sendBytes: (_, from, to) => sent.push(`data ${to - from}`) > 0,
      sendEnd: () => void sent.push("end"),
      resetRequest: (code) => void sent.push(`reset ${code}`),
      pauseResponse: () => void sent.push("pause"),
      resumeResponse: () => void sent.push("resume"),
    };
    return {
      ...{ version: "HTTP/2", available: true, activeStreams: 0 },
      ...{ drain: () => undefined, destroy: () => undefined },
      send: (head, end, handler) => {
        sent.push(`${head.method}${end ? " end" : ""}`);
        this.upstream = handler;
        return stream;
      },
    };
  }

  #direction(): Direction<Forwarded<undefined>> {
    const { told } = this;
    return {
      path: new Stack({
        name: "endpoint",
        enter: (request: Forwarded<undefined>): Verdict => {
          request.attempt.acquire(this.#source, request);
          return "next";
        },
      }),
      ...{ retryFrom: 0, informational: true, rescues: true, inFlight: new InFlight(100) },
      isMeshed: () => true,
      now: () => this.clock.now(),
      via: (_, connection) => connection,
      onSend: () => undefined,
      onResponse: () => undefined,
      onAnswer: () => undefined,
      onEndpointFailed: () => void told.push("endpoint failed"),
      onRescued: () => void told.push("rescued"),
      onOutcome: (_, status, code) => void told.push(`outcome ${status}, ${code}`),
      onAttemptOver: () => undefined,
      onRetry: () => 0,
      onError: (_, kind) => void told.push(kind),
      onReleased: () => void told.push("released"),
    };
  }
}
