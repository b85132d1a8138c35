/** Tunnels that requests of one connection have become (P12): a new policy holds for them as for connections without requests. */

import type { Reset } from "#lib/http-io/exchange.ts";
import { ErrorCode } from "#lib/http2/http2-error.ts";
import { authorize, type Caller } from "../policy/authorization.ts";
import { findRoute } from "../policy/route-match.ts";
import type { Runtime } from "../transport/runtime.ts";
import { arrivedOf } from "./arrived.ts";
import { sayOfConnection } from "./authorization-log.ts";
import type { PortPolicy } from "./ports.ts";
import type { InboundRequest } from "./stack.ts";

const DENIED: Reset = { reason: "cancelled", code: ErrorCode.CANCEL, unprocessed: false };

/** The open ones. Each ends when its client would not be let in any more (P46, J3). */
export class Tunnels {
  readonly #runtime: Pick<Runtime, "log">;
  readonly #port: PortPolicy;
  readonly #caller: Caller;
  readonly #open = new Set<InboundRequest>();
  readonly #look = (): void => this.#endDenied();

  constructor(
    runtime: Pick<Runtime, "log">,
    { port, caller }: { readonly port: PortPolicy; readonly caller: Caller },
  ) {
    this.#runtime = runtime;
    this.#port = port;
    this.#caller = caller;
  }

  add(request: InboundRequest): void {
    this.#open.add(request);
    this.#port.followers.add(this.#look);
    // It came under another policy than holds now; as yet it is in the middle of its answer.
    if (request.route !== this.#port.current) queueMicrotask(this.#look);
  }

  /** One has ended; a request that was none may be named too. */
  delete(request: InboundRequest): void {
    this.#open.delete(request);
    if (this.#open.size === 0) this.#port.followers.delete(this.#look);
  }

  #endDenied(): void {
    const { routes } = this.#port.current;
    for (const request of [...this.#open]) {
      const rule = findRoute(routes, arrivedOf(request))?.target;
      if (rule !== undefined && authorize(rule, this.#caller) !== undefined) continue;
      sayOfConnection(this.#runtime, "Connection terminated due to policy change", {
        caller: this.#caller,
        port: this.#port,
      });
      request.onRequestReset(DENIED);
      request.stream.resetResponse(ErrorCode.CANCEL);
    }
  }
}
