/** A connection of bytes that are no HTTP: to one endpoint, both ways. */

import { HeaderList } from "#lib/http/headers.ts";
import type { Labels } from "#lib/metrics/registry.ts";
import type { TcpStream } from "#lib/net/tcp-stream.ts";
import { findRoute } from "../policy/route-match.ts";
import type { TransportSeries } from "../telemetry/transport-metrics.ts";
import type { Runtime } from "../transport/runtime.ts";
import type { EndpointWaiter } from "./balancer.ts";
import { pickBackend } from "./logical.ts";
import type { ResolvedBackend, ResolvedPolicy } from "./resolved.ts";

/** What routes of TLS look at beside a name: nothing. */
const NO_HEAD = { method: "", path: "", protocol: "", headers: new HeaderList() };

/** What a connection brought so far. */
export interface OpaqueStart {
  readonly bytes: Uint8Array;
  /** The client has ended its side. */
  readonly ended: boolean;
  /** The name that TLS asks for; empty where it is none. */
  readonly name: string;
}

/** Who tells of it, and what was meant (LBL2). */
export interface OpaqueOptions {
  readonly runtime: Runtime;
  readonly target: Labels;
}

/** Sends a connection where its policy says, or ends it. */
export function forwardOpaque(
  stream: TcpStream,
  policy: ResolvedPolicy | undefined,
  how: OpaqueOptions & { readonly start: OpaqueStart },
): void {
  const { runtime, start } = how;
  // They are the reader's, and are needed longer than its turn.
  const first = new Uint8Array(start.bytes);
  stream.pause();
  const arrived = runtime.relays.dialling();
  dialOpaque(
    policy,
    { name: start.name, random: runtime.random },
    {
      get isWanted() {
        return !stream.isClosed;
      },
      onConnected: (upstream, onOver) => {
        arrived();
        runtime.relays.join(stream, upstream, onOver);
        if (first.length > 0) upstream.write(first);
        if (start.ended) upstream.end();
        stream.resume();
      },
      onRefused: (error) => {
        arrived();
        refuseConnection(stream, error, how);
      },
    },
  );
}

/** Ends a connection, and counts why. */
export function refuseConnection(
  stream: TcpStream,
  error: string,
  { runtime, target }: OpaqueOptions,
): void {
  if (stream.isClosed) return;
  runtime.errors.outboundTcp.with({ ...target, error }).increment();
  runtime.log.debug("Refused a connection", { target: target["target_addr"], error });
  stream.destroy();
}

/** Whoever wants a connection to an endpoint. */
export interface OpaqueDialler {
  readonly isWanted: boolean;
  /** `onOver` is to be called once it is closed. */
  onConnected(upstream: TcpStream, onOver: (error?: Error) => void): void;
  /** There is none, by Linkerd's word for why, or it is not wanted any more. */
  onRefused(error: string): void;
}

/** Connects to an endpoint of what a policy says of bytes, or of TLS that asks for a name. */
export function dialOpaque(
  policy: ResolvedPolicy | undefined,
  { name, random }: { readonly name: string; readonly random: () => number },
  dialler: OpaqueDialler,
): void {
  if (policy === undefined || policy.type === "invalid" || policy.type === "unknown") {
    dialler.onRefused("invalid_policy");
    return;
  }
  const rule = findRoute(policy.opaque, { ...NO_HEAD, authority: name })?.target;
  if (rule === undefined) {
    dialler.onRefused("unexpected");
    return;
  }
  const series = rule.transport?.of(name);
  series?.opened.increment();
  const backend = pickBackend(rule, random);
  const refusal = rule.refusal ?? backend?.refusal;
  if (refusal === undefined && backend?.balancer !== undefined) {
    new Dial(backend, series, dialler).connect();
    return;
  }
  const error = refusal ?? "invalid_backend";
  series?.closed[error].increment();
  dialler.onRefused(error);
}

/** Tries endpoints until one takes the connection. */
class Dial implements EndpointWaiter {
  readonly #backend: ResolvedBackend;
  readonly #series: TransportSeries | undefined;
  readonly #dialler: OpaqueDialler;
  #enteredMs = -1;

  constructor(
    backend: ResolvedBackend,
    series: TransportSeries | undefined,
    dialler: OpaqueDialler,
  ) {
    this.#backend = backend;
    this.#series = series;
    this.#dialler = dialler;
  }

  onEndpoints(): void {
    this.#backend.use?.woken();
    this.#next();
  }

  #next(): void {
    if (this.#dialler.isWanted) this.#pick();
    else this.#refuse("unexpected");
  }

  onFailfast(): void {
    this.#backend.use?.woken();
    this.#fail("failfast");
  }

  #fail(error: "failfast" | "loadshed"): void {
    this.#leave();
    this.#refuse(error);
  }

  /** It leaves the queue, which it entered once. */
  #leave(): void {
    if (this.#enteredMs < 0) return;
    this.#backend.use?.left(this.#enteredMs);
    this.#enteredMs = -1;
  }

  /** What nobody wants any more has ended well. */
  #refuse(error: string): void {
    this.#backend.balancer?.left();
    this.#series?.closed[this.#dialler.isWanted ? "unexpected" : ""].increment();
    this.#dialler.onRefused(error);
  }

  /** Begins. */
  connect(): void {
    this.#backend.balancer?.expects();
    this.#enteredMs = this.#backend.use?.entered() ?? -1;
    this.#pick();
  }

  #pick(): void {
    const { balancer, use } = this.#backend;
    const endpoint = balancer?.pick();
    if (endpoint === undefined) {
      const waiting = balancer?.wait(this);
      if (waiting === "waiting") use?.waits();
      else this.#fail(waiting === "full" ? "loadshed" : "failfast");
      return;
    }
    this.#leave();
    const onOver = (): void => {
      endpoint.pending--;
    };
    endpoint.pending++;
    endpoint.connect({
      onConnected: (upstream) => {
        endpoint.succeeded();
        if (this.#dialler.isWanted) {
          balancer?.left();
          this.#dialler.onConnected(upstream, (error) => {
            onOver();
            this.#series?.closed[error === undefined ? "" : "unexpected"].increment();
          });
          return;
        }
        onOver();
        upstream.destroy();
        this.#refuse("unexpected");
      },
      onFailed: () => {
        onOver();
        endpoint.failed();
        this.#next();
      },
    });
  }
}
