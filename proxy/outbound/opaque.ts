/** A connection of bytes that are no HTTP: to one endpoint, both ways. */

import { HeaderList } from "#lib/http/headers.ts";
import type { Labels } from "#lib/metrics/registry.ts";
import type { TcpStream } from "#lib/net/tcp-stream.ts";
import { findRoute } from "../policy/route-match.ts";
import { Relay } from "../transport/relay.ts";
import type { Runtime } from "../transport/runtime.ts";
import type { Balancer, EndpointWaiter } from "./balancer.ts";
import { pickBackend } from "./logical.ts";
import type { ResolvedPolicy } from "./resolved.ts";

/** What routes of TLS look at beside a name: nothing. */
const NO_HEAD = { method: "", path: "", headers: new HeaderList() };

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
  if (policy === undefined || policy.type === "invalid" || policy.type === "unknown") {
    refuseConnection(stream, "invalid_policy", how);
    return;
  }
  const rule = findRoute(policy.opaque, { ...NO_HEAD, authority: start.name })?.target;
  const backend = rule && pickBackend(rule, runtime.random);
  const refusal = rule?.refusal ?? backend?.refusal;
  if (rule === undefined) refuseConnection(stream, "unexpected", how);
  else if (refusal !== undefined) refuseConnection(stream, refusal, how);
  else if (backend?.balancer === undefined) refuseConnection(stream, "invalid_backend", how);
  else new OpaqueConnection(stream, backend.balancer, how).connect();
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

class OpaqueConnection implements EndpointWaiter {
  readonly #stream: TcpStream;
  readonly #balancer: Balancer;
  readonly #how: OpaqueOptions;
  readonly #initial: Uint8Array;
  readonly #ended: boolean;

  constructor(
    stream: TcpStream,
    balancer: Balancer,
    how: OpaqueOptions & { readonly start: OpaqueStart },
  ) {
    this.#stream = stream;
    this.#balancer = balancer;
    this.#how = how;
    // They are the reader's, and are needed longer than its turn.
    this.#initial = new Uint8Array(how.start.bytes);
    this.#ended = how.start.ended;
  }

  onEndpoints(): void {
    if (!this.#stream.isClosed) this.connect();
  }

  onFailfast(): void {
    refuseConnection(this.#stream, "failfast", this.#how);
  }

  connect(): void {
    this.#stream.pause();
    const endpoint = this.#balancer.pick();
    if (endpoint === undefined) {
      if (this.#balancer.wait(this) !== "waiting") this.onFailfast();
      return;
    }
    endpoint.pending++;
    endpoint.connect({
      onConnected: (upstream) => {
        endpoint.succeeded();
        if (this.#stream.isClosed) {
          endpoint.pending--;
          upstream.destroy();
          return;
        }
        new Relay(this.#stream, upstream, () => {
          endpoint.pending--;
        });
        if (this.#initial.length > 0) upstream.write(this.#initial);
        if (this.#ended) upstream.end();
        this.#stream.resume();
      },
      onFailed: () => {
        endpoint.pending--;
        endpoint.failed();
        this.onEndpoints();
      },
    });
  }
}
