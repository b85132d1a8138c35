/** What comes in for another destination goes out again (P28): the outbound side's answers to the inbound side. */

import { isUnder, type NameSuffix } from "#lib/addr/suffix.ts";
import type { ServerStream } from "#lib/http-io/exchange.ts";
import { joinedSources } from "#lib/http-io/joined.ts";
import { ErrorCode } from "#lib/http2/http2-error.ts";
import { Forwarded } from "../http/forwarded.ts";
import type {
  Gateway,
  GatewayObserver,
  GatewaySession,
  GatewayTarget,
} from "../inbound/gateway.ts";
import type { Destination } from "../outbound/discover.ts";
import { NamedDestinations, nameOf } from "../outbound/named.ts";
import { dialOpaque } from "../outbound/opaque.ts";
import { OutboundRoute } from "../outbound/outbound-route.ts";
import type { OutboundDirection } from "../outbound/stack.ts";
import type { OutboundSide } from "../outbound/start.ts";
import type { ServiceName } from "../policy/discover.ts";

/** What a gateway is made of. */
export interface GatewayOptions extends Pick<OutboundSide, "destinations" | "direction"> {
  /** Our own identity. */
  readonly localName: string;
  /** Where it leads; nowhere without any. */
  readonly suffixes: readonly NameSuffix[];
  readonly random: () => number;
}

const DOMAIN_INVALID = "gateway domain invalid";

/** Makes it. */
export function createGateway(options: GatewayOptions): Gateway {
  return {
    begin: ({ name, port }) =>
      new Session(options, name === "" ? undefined : (nameOf(`${name}:${port}`) ?? "invalid")),
  };
}

/** A destination under a name, as the inbound side sees it. */
class Target implements GatewayTarget {
  readonly authority: string;
  readonly destination: Destination;

  constructor({ host, port }: ServiceName, destination: Destination) {
    this.authority = port === 80 ? host : `${host}:${port}`;
    this.destination = destination;
  }

  get exists(): boolean | undefined {
    const { policy } = this.destination;
    return policy && policy.type !== "unknown";
  }

  whenKnown(wake: () => void, onLate: () => void): void {
    this.destination.whenKnownSoon(wake, onLate);
  }
}

class Session implements GatewaySession {
  readonly localName: string;
  readonly pools: GatewaySession["pools"];
  readonly #direction: OutboundDirection;
  readonly #random: () => number;
  readonly #suffixes: readonly NameSuffix[];
  /** What all of its requests are for; undefined where each says that itself. */
  readonly #name: ServiceName | "invalid" | undefined;
  readonly #known: NamedDestinations;

  constructor(
    { localName, suffixes, destinations, direction, random }: GatewayOptions,
    name: ServiceName | "invalid" | undefined,
  ) {
    this.localName = localName;
    this.#suffixes = suffixes;
    this.#direction = direction;
    this.#random = random;
    this.#name = name;
    this.#known = new NamedDestinations(destinations);
    this.pools = joinedSources((stream) => this.#take(stream));
  }

  find({ authority }: { readonly authority: string }): Target | undefined {
    const name = this.#name ?? nameOf(authority);
    if (name === undefined || name === "invalid" || !isUnder(name.host, this.#suffixes))
      return undefined;
    const destination = this.#known.find(name);
    return destination && new Target(name, destination);
  }

  connect(observer: GatewayObserver): void {
    const onRefused = (error: string): void => {
      this.close();
      observer.onRefused(error);
    };
    const target = this.find({ authority: "" });
    if (target === undefined) {
      onRefused(DOMAIN_INVALID);
      return;
    }
    const how = { name: "", random: this.#random };
    const dial = (): void => {
      if (target.exists !== true) onRefused(DOMAIN_INVALID);
      else
        dialOpaque(target.destination.policy, how, {
          get isWanted() {
            return observer.isWanted;
          },
          onConnected: (upstream, onOver) =>
            observer.onConnected(upstream, () => {
              onOver();
              this.close();
            }),
          onRefused,
        });
    };
    target.whenKnown(dial, () => onRefused("failfast"));
  }

  close(): void {
    this.#known.release();
  }

  #take(stream: ServerStream): void {
    const target = this.find(stream.request);
    if (target === undefined) {
      stream.resetResponse(ErrorCode.INTERNAL_ERROR);
      return;
    }
    new Forwarded(stream, this.#direction, new OutboundRoute(target.destination)).begin();
  }
}
