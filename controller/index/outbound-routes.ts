/** Routes that say how Services and EgressNetworks are reached, by what they are attached to. */

import type { Informer } from "#lib/k8s/informer.ts";
import type { AnyRoute } from "../core/attached-routes.ts";
import { isEgressNetwork, isService } from "../core/outbound-backends.ts";
import { GATEWAY_GROUP, type ParentRef, POLICY_GROUP } from "../core/route.ts";
import type { KeptPolicy } from "./kept-objects.ts";
import { type OnFault, PolicyStore, type Turn } from "./policy-store.ts";
import { toGrpcRoute, toHttpRoute, toStreamRoute } from "./routes.ts";
import { toRouteTraffic } from "./traffic.ts";

/** What is watched of routes, by plural names; those of the Gateway API apart from Linkerd's. */
export type RouteInformers = Readonly<
  Record<
    "linkerdHttpRoutes" | "httpRoutes" | "grpcRoutes" | "tlsRoutes" | "tcpRoutes",
    Informer<KeptPolicy>
  >
>;

/** What routes are attached to, by name. */
export type ParentKey = `Service/${string}/${string}` | `EgressNetwork/${string}/${string}`;

/** What was and is attached. */
export type RouteTurn = Pick<Turn<AnyRoute>, "before" | "after">;

/** Who is told of changes, and of annotations and streams' routes that cannot be read: others tell of requests'. */
export type OutboundRoutesOptions = {
  readonly onFault: OnFault;
  readonly onRoute: (turn: RouteTurn) => void;
};

type Route = AnyRoute["route"];

/** The routes as they are. */
export class OutboundRoutes {
  readonly #byParent = new Map<ParentKey, Set<AnyRoute>>();
  readonly #stores: readonly PolicyStore<AnyRoute | undefined>[];
  readonly #onRoute: (turn: RouteTurn) => void;

  constructor(from: RouteInformers, { onFault, onRoute }: OutboundRoutesOptions) {
    this.#onRoute = onRoute;
    const store = (
      [resource, informer]: readonly [resource: string, informer: Informer<KeptPolicy>],
      read: (object: KeptPolicy) => Route,
    ): PolicyStore<AnyRoute | undefined> =>
      new PolicyStore({
        ...{ informer, resource, onFault },
        read: (object, faults) => annotated(object, read(object), faults),
        onTurn: (turn) => this.#turn(turn),
      });
    this.#stores = [
      store([`httproutes.${POLICY_GROUP}`, from.linkerdHttpRoutes], (each) =>
        toHttpRoute(each, POLICY_GROUP),
      ),
      store([`httproutes.${GATEWAY_GROUP}`, from.httpRoutes], (each) =>
        toHttpRoute(each, GATEWAY_GROUP),
      ),
      store([`grpcroutes.${GATEWAY_GROUP}`, from.grpcRoutes], toGrpcRoute),
      store([`tlsroutes.${GATEWAY_GROUP}`, from.tlsRoutes], (each) =>
        toStreamRoute(each, "TLSRoute"),
      ),
      store([`tcproutes.${GATEWAY_GROUP}`, from.tcpRoutes], (each) =>
        toStreamRoute(each, "TCPRoute"),
      ),
    ];
    for (const each of this.#stores) for (const [, route] of each.all()) this.#attach(route);
  }

  /** Those that name an object as a parent, on whatever port. */
  of(parent: ParentKey): readonly AnyRoute[] {
    return [...(this.#byParent.get(parent) ?? [])];
  }

  /** How many Services and EgressNetworks have routes, by namespace (CPM5). */
  sizes(): ReadonlyMap<string, number> {
    const sizes = new Map<string, number>();
    for (const key of this.#byParent.keys()) {
      const [, namespace = ""] = key.split("/");
      sizes.set(namespace, (sizes.get(namespace) ?? 0) + 1);
    }
    return sizes;
  }

  /** Listens no more. */
  stop(): void {
    for (const store of this.#stores) store.stop();
  }

  #turn({ before, after }: Turn<AnyRoute | undefined>): void {
    for (const key of before === undefined ? [] : parentsOf(before)) {
      const routes = this.#byParent.get(key);
      if (before !== undefined) routes?.delete(before);
      if (routes?.size === 0) this.#byParent.delete(key);
    }
    this.#attach(after);
    this.#onRoute({ before, after });
  }

  #attach(route: AnyRoute | undefined): void {
    for (const key of route === undefined ? [] : parentsOf(route)) {
      const routes = this.#byParent.get(key) ?? new Set();
      if (route !== undefined) this.#byParent.set(key, routes.add(route));
    }
  }
}

/** What a route is attached to of what is outbound. */
export function parentsOf({ route }: AnyRoute): readonly ParentKey[] {
  return [...new Set(route.parents.flatMap((parent) => keyOf(parent) ?? []))];
}

function keyOf(parent: ParentRef): ParentKey | undefined {
  const at = `${parent.namespace}/${parent.name}` as const;
  if (isService(parent)) return `Service/${at}`;
  return isEgressNetwork(parent) ? `EgressNetwork/${at}` : undefined;
}

/** Undefined where a route is about nothing outbound. */
function annotated(object: KeptPolicy, route: Route, faults: string[]): AnyRoute | undefined {
  if (route.parents.every((parent) => keyOf(parent) === undefined)) return undefined;
  const traffic = toRouteTraffic(object.metadata?.annotations, faults);
  if (route.kind === "TLSRoute" || route.kind === "TCPRoute")
    faults.push(...route.rules.flatMap(({ fault }) => fault ?? []));
  return { route, traffic } as AnyRoute;
}
