/** A request of the outbound side, and what it remembers on its way. */

import type { TcpStream } from "#lib/net/tcp-stream.ts";
import type { Forwarded } from "../http/forwarded.ts";
import type { Balancer, EndpointWaiter } from "./balancer.ts";
import type { Destination } from "./discover.ts";
import type { EndpointClient } from "./endpoint.ts";
import type { ResolvedBackend, ResolvedRule } from "./resolved.ts";

/** A try has not come to the queue of its balancer yet. */
const NOT_QUEUED = -1;
/** It has been through that queue: to look for another endpoint there is none. */
const LEFT_QUEUE = -2;

/** What a request remembers on its way. */
export class OutboundRoute implements EndpointWaiter {
  readonly destination: Destination;
  rule: ResolvedRule | undefined;
  /** How much of the path the rule's match took, where it was a prefix. */
  prefix: number | undefined;
  backend: ResolvedBackend | undefined;
  endpoint: EndpointClient | undefined;
  /** When it entered the queue of its balancer, or one of the two. */
  #enteredMs: number = NOT_QUEUED;
  /** It shows whether its endpoint is well again (P36). */
  isProbe = false;
  /** The identity that the request demands of its endpoint (P20). */
  requiredId: string | undefined;
  /** What the client asked for, where an endpoint's gateway was asked for something else. */
  asked: string | undefined;
  request: OutboundRequest | undefined;
  #balancer: Balancer | undefined;

  /** Who sent it, by the connection; undefined where it came in another way. */
  readonly client: Pick<TcpStream, "remoteAddress" | "remotePort"> | undefined;

  constructor(destination: Destination, client?: OutboundRoute["client"]) {
    this.destination = destination;
    this.client = client;
  }

  get balancer(): Balancer | undefined {
    return this.#balancer;
  }

  /** From now on it may come to this balancer, and no longer to the one before. */
  goesBy(balancer: Balancer | undefined): void {
    if (balancer === this.#balancer) return;
    this.#balancer?.left();
    this.#balancer = balancer;
    balancer?.expects();
  }

  /** Another try begins: it has the queue of its balancer before it. */
  tryAgain(): void {
    this.#enteredMs = NOT_QUEUED;
  }

  /** It is at its balancer, whose queue it enters once a try. */
  enterQueue(): void {
    if (this.#enteredMs === NOT_QUEUED)
      this.#enteredMs = this.backend?.use?.entered() ?? LEFT_QUEUE;
  }

  /** It has an endpoint, or will get none. */
  leaveQueue(): void {
    if (this.#enteredMs < 0) return;
    this.backend?.use?.left(this.#enteredMs);
    this.#enteredMs = LEFT_QUEUE;
  }

  onEndpoints(): void {
    this.backend?.use?.woken();
    // Who was given up while it waited goes nowhere, and was in the queue until now.
    if (this.request?.done === true) this.leaveQueue();
    else this.request?.run();
  }

  onFailfast(): void {
    this.backend?.use?.woken();
    this.leaveQueue();
    this.request?.fail("failfast", "service in fail-fast");
  }
}

/** A request on the outbound path. */
export type OutboundRequest = Forwarded<OutboundRoute>;
