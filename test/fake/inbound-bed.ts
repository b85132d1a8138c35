/** The inbound side of one port, with its client and its application played by a test. */

import { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead, ResponseHead } from "#lib/http/message.ts";
import type {
  ConnectionWaiter,
  RequestHandler,
  ResponseHandler,
  ServerStream,
} from "#lib/http-io/exchange.ts";
import { writeExposition } from "#lib/metrics/exposition.ts";
import { Registry } from "#lib/metrics/registry.ts";
import { Forwarded } from "../../proxy/http/forwarded.ts";
import { InFlight } from "../../proxy/http/in-flight.ts";
import { InboundCounts } from "../../proxy/inbound/counts.ts";
import { PortPolicy } from "../../proxy/inbound/ports.ts";
import { InboundDirection } from "../../proxy/inbound/stack.ts";
import type { ClientTls } from "../../proxy/policy/authorization.ts";
import { type DefaultPolicyName, defaultServerPolicy } from "../../proxy/policy/default-policy.ts";
import type { ServerPolicy } from "../../proxy/policy/server-policy.ts";
import { Taps } from "../../proxy/tap/taps.ts";
import type { AccessEntry } from "../../proxy/telemetry/access-log.ts";
import { ErrorMetrics } from "../../proxy/telemetry/error-metrics.ts";
import { HttpMetrics } from "../../proxy/telemetry/http-metrics.ts";
import { inboundFamilies } from "../../proxy/telemetry/inbound-families.ts";
import { TcpMetrics } from "../../proxy/telemetry/tcp-metrics.ts";
import { Relays } from "../../proxy/transport/relay.ts";
import { FakeClock } from "./clock.ts";
import { RecordedLog } from "./recorded-log.ts";

/** A request that was made, and what its client was sent. */
export interface Asked {
  readonly sent: string[];
  readonly request: RequestHead;
  readonly stream: ServerStream;
}

/** Inbound of one port, whose application the test plays. */
export interface InboundBed {
  /** Makes a request. */
  ask(over?: Partial<RequestHead>, requestEnded?: boolean): Asked;
  /** Gives the waiting request a connection, and records what is sent on it. */
  connect(): { readonly upstream: string[]; readonly handler: ResponseHandler };
  readonly waiters: ConnectionWaiter[];
  readonly port: PortPolicy;
  readonly direction: InboundDirection;
  readonly clock: FakeClock;
  /** Of the log. */
  readonly lines: string[];
  /** What the access log was told. */
  readonly accessed: AccessEntry[];
  readonly inFlight: InFlight;
  readonly taps: Taps;
  metrics(): string;
}

/** A default policy. */
export const policy = (name: DefaultPolicyName): ServerPolicy =>
  defaultServerPolicy(name, { clusterNetworks: [], opaque: false, detectTimeoutMs: 1 });

/** Inbound of a port with this policy, called by a client on port 12345 of 10.0.0.9; `most` requests may wait for an answer. */
export function inboundBed(
  of: DefaultPolicyName | ServerPolicy,
  tls: ClientTls,
  most = 100,
): InboundBed {
  const { logger: log, lines } = new RecordedLog();
  const registry = new Registry();
  const clock = new FakeClock();
  const runtime = {
    clock,
    random: () => 0,
    log,
    credentials: { current: undefined },
    http: new HttpMetrics(registry),
    tcp: new TcpMetrics(registry),
    errors: new ErrorMetrics(registry),
    redirection: { bySockets: false },
    relays: new Relays(),
    onFault: () => undefined,
  };
  const inFlight = new InFlight(most);
  const taps = new Taps(clock);
  const accessed: AccessEntry[] = [];
  const waiters: ConnectionWaiter[] = [];
  const pool = {
    acquire: (waiter: ConnectionWaiter) => void waiters.push(waiter),
    ...{ cancel: () => undefined, drain: () => undefined },
  };
  const port = new PortPolicy(80, typeof of === "string" ? policy(of) : of);
  const caller = { ip: "10.0.0.9", tls };
  const target = { ip: "10.0.0.1", port: 80 };
  const direction = new InboundDirection(runtime, {
    caller,
    callerPort: 12_345,
    access: (entry) => void accessed.push(entry),
    inFlight,
    target,
    port,
    pools: { http1: pool, http2: pool },
    counts: new InboundCounts(inboundFamilies(registry), false),
    lookers: { taps, tracer: undefined },
  });
  const ask = asker(direction, port);
  const connect = application(waiters);
  const metrics = (): string => writeExposition(registry, { nowMs: 0, retainIdleMs: 1 });
  const seen = { lines, accessed, metrics };
  return { ask, connect, waiters, port, direction, clock, inFlight, taps, ...seen };
}

/** The client. */
function asker(direction: InboundDirection, port: PortPolicy): InboundBed["ask"] {
  return (over: Partial<RequestHead> = {}, requestEnded = true) => {
    const sent: string[] = [];
    const request: RequestHead = {
      method: "GET",
      scheme: "",
      authority: "web",
      path: "/",
      version: "HTTP/1.1",
      protocol: "",
      headers: new HeaderList(),
      ...over,
    };
    const stream: ServerStream = {
      request,
      requestEnded,
      handler: undefined as unknown as RequestHandler,
      pauseRequest: () => sent.push("pause"),
      resumeRequest: () => sent.push("resume"),
      sendInformational: (head) => sent.push(`info ${head.status}`),
      sendHead: (head, end) =>
        sent.push(
          `${head.status} ${head.headers.get("grpc-status") ?? ""}${head.headers.get("l5d-proxy-error") ?? ""}${end ? " end" : ""}`,
        ),
      sendBytes: (chunk) => sent.push(`data ${chunk.length}`) < 0,
      sendEnd: () => sent.push("end"),
      resetResponse: (code) => sent.push(`reset ${code}`),
    };
    new Forwarded(stream, direction, port.current).begin();
    return { sent, request, stream };
  };
}

/** The application, whose connections are waited for. */
function application(waiters: ConnectionWaiter[]): InboundBed["connect"] {
  return () => {
    const upstream: string[] = [];
    let handler: ResponseHandler | undefined;
    waiters.shift()?.onConnection({
      version: "HTTP/1.1",
      available: true,
      activeStreams: 0,
      send: (head, end, receiver) => {
        upstream.push(
          `${head.method} ${head.headers.get("l5d-client-id") ?? "-"}${end ? " end" : ""}`,
        );
        handler = receiver;
        return {
          sendBytes: (chunk) => upstream.push(`data ${chunk.length}`) < 0,
          sendEnd: () => upstream.push("end"),
          resetRequest: (code) => upstream.push(`reset ${code}`),
          pauseResponse: () => upstream.push("pause"),
          resumeResponse: () => upstream.push("resume"),
        };
      },
      drain: () => undefined,
      destroy: () => undefined,
    });
    return { upstream, handler: handler as unknown as ResponseHandler };
  };
}

/** Who has no identity. */
export const PLAIN: ClientTls = { type: "none", reason: "no_tls_from_remote" };
/** Who has one. */
export const WEB: ClientTls = { type: "identity", name: "web.ns" };
/** An answer's head. */
export const ok = (): ResponseHead => ({
  status: 200,
  version: "HTTP/1.1" as const,
  headers: new HeaderList(),
});
