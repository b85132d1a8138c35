/** A connection of an ingress: its requests say where they go (P27). */

import type { SocketAddr } from "#lib/addr/socket-addr.ts";
import { isUnder, type NameSuffix } from "#lib/addr/suffix.ts";
import type { RequestHead } from "#lib/http/message.ts";
import type { ServerStream } from "#lib/http-io/exchange.ts";
import type { TcpStream } from "#lib/net/tcp-stream.ts";
import { Forwarded } from "../http/forwarded.ts";
import type { Detections } from "../telemetry/detect-metrics.ts";
import { targetLabels } from "../telemetry/labels.ts";
import type { Protocol } from "../transport/detect.ts";
import { detectHttp } from "../transport/http-detection.ts";
import type { Destination, Destinations } from "./discover.ts";
import { NamedDestinations, nameOf } from "./named.ts";
import { forwardOpaque } from "./opaque.ts";
import { type OutboundRequest, OutboundRoute } from "./outbound-route.ts";
import { meterClient, type ServeOptions, serveOutbound } from "./serve.ts";
import type { OutboundDirection } from "./stack.ts";

/** The header that says so before all else (HDR3). */
const OVERRIDE = "l5d-dst-override";

/** What is told of an ingress. */
export interface IngressOptions {
  /** Names that a request's own authority may lead to. */
  readonly suffixes: readonly NameSuffix[];
  /** Milliseconds within which the first bytes have to say what is spoken. */
  readonly detectTimeoutMs: number;
  /** Counts looks at them (MET39). */
  readonly detections: Detections;
}

interface AcceptOptions extends ServeOptions, IngressOptions {
  readonly destinations: Destinations;
  readonly direction: OutboundDirection;
  /** Where the connection was going. */
  readonly target: SocketAddr;
}

/** Accepts a connection: HTTP by its requests, everything else by where it was going. */
export function acceptIngress(stream: TcpStream, options: AcceptOptions): void {
  const { runtime, destinations, target, detectTimeoutMs, detections } = options;
  const targets = new IngressTargets(options);
  meterClient(stream, destinations.clientsOf(target), () => targets.release());
  const go = (detected: Protocol | undefined, bytes: Uint8Array, ended: boolean): void => {
    if (detected !== undefined && detected !== "opaque")
      serve(stream, { protocol: detected, bytes, ended }, { ...options, targets });
    else forward(stream, { bytes, ended }, { ...options, targets });
  };
  const { clock, relays } = runtime;
  const initial = new Uint8Array(0);
  const how = { clock, timeoutMs: detectTimeoutMs, initial, counts: detections, relays };
  detectHttp(stream, how, go);
}

type GoOptions = AcceptOptions & { readonly targets: IngressTargets };

function serve(
  stream: TcpStream,
  first: Parameters<typeof serveOutbound>[1],
  options: GoOptions,
): void {
  const { direction, targets } = options;
  const onRequest = (request: ServerStream): void => {
    const chosen = targets.choose(request.request);
    if (chosen === "invalid")
      refuse(request, options).fail("unexpected", "l5d-dst-override is not a valid host:port");
    else if (chosen === "full")
      refuse(request, options).fail("loadshed", "too many names are in use");
    else new Forwarded(request, direction, new OutboundRoute(chosen, stream)).begin();
  };
  serveOutbound(stream, first, { ...options, onRequest });
}

/** A request that goes nowhere. */
const refuse = (request: ServerStream, { direction, targets }: GoOptions): OutboundRequest =>
  new Forwarded(request, direction, new OutboundRoute(targets.dialled));

function forward(
  stream: TcpStream,
  { bytes, ended }: { readonly bytes: Uint8Array; readonly ended: boolean },
  { runtime, target, targets }: GoOptions,
): void {
  const start = { bytes: new Uint8Array(bytes), ended, name: "" };
  const { dialled } = targets;
  stream.pause();
  dialled.whenKnown(() => {
    if (stream.isClosed) return;
    forwardOpaque(stream, dialled.policy, { runtime, target: targetLabels(target), start });
  });
}

/** Where the requests of one connection go, by what they say. */
export class IngressTargets {
  readonly #options: Pick<AcceptOptions, "destinations" | "suffixes" | "target">;
  #dialled: Destination | undefined;
  readonly #named: NamedDestinations;
  #lastText: string | undefined;
  #last: Destination | undefined;

  constructor(options: Pick<AcceptOptions, "destinations" | "suffixes" | "target">) {
    this.#options = options;
    this.#named = new NamedDestinations(options.destinations);
  }

  /** Where the connection was going. */
  get dialled(): Destination {
    const { destinations, target } = this.#options;
    this.#dialled ??= destinations.acquire(target);
    return this.#dialled;
  }

  /**
   * The destination of a request, from which it takes the header that says it. `invalid`: what it says there is no
   * name; `full`: there are too many.
   */
  choose({ headers, authority }: RequestHead): Destination | "invalid" | "full" {
    const override = headers.get(OVERRIDE);
    if (override === undefined) return this.#find(authority, false);
    headers.delete(OVERRIDE);
    return this.#find(override, true);
  }

  /** The connection is gone. */
  release(): void {
    const { destinations } = this.#options;
    this.#named.release();
    this.#last = undefined;
    if (this.#dialled !== undefined) destinations.release(this.#dialled);
    this.#dialled = undefined;
  }

  #find(text: string, demanded: boolean): Destination | "invalid" | "full" {
    const key = demanded ? `=${text}` : text;
    if (this.#last !== undefined && key === this.#lastText) return this.#last;
    const name = nameOf(text);
    let found: Destination | undefined;
    if (name === undefined || !(demanded || isUnder(name.host, this.#options.suffixes))) {
      if (demanded) return "invalid";
      found = this.dialled;
    } else found = this.#named.find(name);
    if (found === undefined) return "full";
    this.#lastText = key;
    this.#last = found;
    return found;
  }
}
