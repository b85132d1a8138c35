/** All objects of inbound policy, and which Servers a change of one concerns. */

import type { TrustDomain } from "#lib/identity/workload-id.ts";
import type { Informer } from "#lib/k8s/informer.ts";
import {
  type Authentications,
  type AuthorizationPolicy,
  concerns,
  type Identities,
  type Network,
  type PolicyTarget,
  type ServerAuthorization,
} from "../core/authorization.ts";
import type { InboundObjects } from "../core/inbound-policy.ts";
import { isAttached } from "../core/inbound-routes.ts";
import { GATEWAY_GROUP, type GrpcRoute, type HttpRoute, POLICY_GROUP } from "../core/route.ts";
import { oldest, type RateLimit, type Server } from "../core/server.ts";
import {
  toAuthorizationPolicy,
  toMeshTlsAuthentication,
  toNetworkAuthentication,
  toServerAuthorization,
} from "./authorizations.ts";
import type { KeptPolicy } from "./kept-objects.ts";
import { type OnFault, PolicyStore, type Turn } from "./policy-store.ts";
import { toGrpcRoute, toHttpRoute } from "./routes.ts";
import { type Reading, toRateLimit, toServer } from "./servers.ts";

/** What is watched for inbound policy, by plural names; routes of the Gateway API apart from Linkerd's. */
export type PolicyInformers = Readonly<
  Record<
    | "servers"
    | "serverAuthorizations"
    | "authorizationPolicies"
    | "meshTlsAuthentications"
    | "networkAuthentications"
    | "rateLimits"
    | "linkerdHttpRoutes"
    | "httpRoutes"
    | "grpcRoutes",
    Informer<KeptPolicy>
  >
>;

/** Which Servers of a namespace a change concerns: those of some names, or all. */
export type Concern = {
  readonly namespace: string;
  readonly servers: (name: string) => boolean;
};

/** How objects are read, and who is told of changes. */
export type InboundObjectsOptions = {
  readonly domain: TrustDomain;
  readonly onFault: OnFault;
  readonly onServer: (turn: Turn<Server>) => void;
  readonly onConcern: (concern: Concern) => void;
};

type Route = HttpRoute | GrpcRoute;

/** The objects as they are. */
export class PolicyObjects implements Authentications {
  readonly #options: InboundObjectsOptions;
  readonly #servers: PolicyStore<Server>;
  readonly #serverAuthorizations: PolicyStore<ServerAuthorization>;
  readonly #policies: PolicyStore<AuthorizationPolicy>;
  readonly #meshTls: PolicyStore<Identities>;
  readonly #networks: PolicyStore<readonly Network[]>;
  readonly #rateLimits: PolicyStore<RateLimit>;
  readonly #httpRoutes: readonly PolicyStore<HttpRoute>[];
  readonly #grpcRoutes: PolicyStore<GrpcRoute>;

  constructor(from: PolicyInformers, options: InboundObjectsOptions) {
    this.#options = options;
    const store = <Value>(
      [resource, informer]: readonly [resource: string, informer: Informer<KeptPolicy>],
      read: (object: KeptPolicy, reading: Reading) => Value,
      onTurn: (turn: Turn<Value>) => void,
    ): PolicyStore<Value> =>
      new PolicyStore({
        ...{ informer, resource, onTurn, onFault: options.onFault },
        read: (object, faults) => read(object, { faults, domain: options.domain }),
      });
    const onRoute = (turn: Turn<Route>): void => this.#onRoute(turn);
    this.#servers = store(["servers", from.servers], toServer, options.onServer);
    this.#serverAuthorizations = store(
      ["serverauthorizations", from.serverAuthorizations],
      toServerAuthorization,
      (turn) => this.#onServerAuthorization(turn),
    );
    this.#policies = store(
      ["authorizationpolicies", from.authorizationPolicies],
      toAuthorizationPolicy,
      (turn) => this.#onPolicy(turn.namespace, [turn.before, turn.after]),
    );
    this.#meshTls = store(
      ["meshtlsauthentications", from.meshTlsAuthentications],
      toMeshTlsAuthentication,
      (turn) => this.#onAuthentication("mesh-tls", turn),
    );
    this.#networks = store(
      ["networkauthentications", from.networkAuthentications],
      toNetworkAuthentication,
      (turn) => this.#onAuthentication("network", turn),
    );
    this.#rateLimits = store(["httplocalratelimitpolicies", from.rateLimits], toRateLimit, (turn) =>
      this.#onRateLimit(turn),
    );
    this.#httpRoutes = [
      store(
        [`httproutes.${POLICY_GROUP}`, from.linkerdHttpRoutes],
        readHttp(POLICY_GROUP),
        onRoute,
      ),
      store([`httproutes.${GATEWAY_GROUP}`, from.httpRoutes], readHttp(GATEWAY_GROUP), onRoute),
    ];
    this.#grpcRoutes = store([`grpcroutes.${GATEWAY_GROUP}`, from.grpcRoutes], readGrpc, onRoute);
  }

  /** Those of a namespace. */
  in(namespace: string): InboundObjects {
    return {
      servers: this.#servers.in(namespace),
      serverAuthorizations: this.#serverAuthorizations.in(namespace),
      authorizationPolicies: this.#policies.in(namespace),
      httpRoutes: this.#httpRoutes.flatMap((store) => store.in(namespace)),
      grpcRoutes: this.#grpcRoutes.in(namespace),
      rateLimits: this.#rateLimits.in(namespace),
      authentications: this,
    };
  }

  servers(namespace: string): readonly Server[] {
    return this.#servers.in(namespace);
  }

  meshTls(name: { readonly namespace: string; readonly name: string }): Identities | undefined {
    return this.#meshTls.get(name);
  }

  networks(name: {
    readonly namespace: string;
    readonly name: string;
  }): readonly Network[] | undefined {
    return this.#networks.get(name);
  }

  /** How many objects there are, by the names that metrics have for their kinds and by namespace (CPM5). */
  sizes(): ReadonlyMap<string, ReadonlyMap<string, number>> {
    const routes = new Map<string, number>();
    for (const store of this.#httpRoutes)
      for (const [namespace, size] of store.sizes())
        routes.set(namespace, (routes.get(namespace) ?? 0) + size);
    return new Map<string, ReadonlyMap<string, number>>([
      ["server", this.#servers.sizes()],
      ["server_authorization", this.#serverAuthorizations.sizes()],
      ["authorization_policy", this.#policies.sizes()],
      ["meshtls_authentication", this.#meshTls.sizes()],
      ["network_authentication", this.#networks.sizes()],
      ["http_route", routes],
    ]);
  }

  /** Listens no more. */
  stop(): void {
    for (const store of [
      ...[this.#servers, this.#serverAuthorizations, this.#policies, this.#meshTls],
      ...[this.#networks, this.#rateLimits, ...this.#httpRoutes, this.#grpcRoutes],
    ])
      store.stop();
  }

  #concerns(namespace: string, names: Iterable<string>): void {
    const servers = new Set(names);
    if (servers.size > 0)
      this.#options.onConcern({ namespace, servers: (name) => servers.has(name) });
  }

  #onServerAuthorization({ namespace, before, after }: Turn<ServerAuthorization>): void {
    const servers = this.#servers
      .in(namespace)
      .filter((server) =>
        [before, after].some((each) => each !== undefined && concerns(each, server)),
      );
    this.#concerns(
      namespace,
      servers.map(({ name }) => name),
    );
  }

  #onPolicy(namespace: string, policies: readonly (AuthorizationPolicy | undefined)[]): void {
    const targets = policies.flatMap((each) => each?.target ?? []);
    if (targets.some(({ type }) => type === "namespace")) {
      this.#options.onConcern({ namespace, servers: () => true });
      return;
    }
    const names = targets.flatMap((target) => {
      if (target.type === "server") return [target.name];
      return target.type === "route" ? this.#serversOfTarget(namespace, target) : [];
    });
    this.#concerns(namespace, names);
  }

  #serversOfTarget(
    namespace: string,
    { group, kind, name }: Extract<PolicyTarget, { type: "route" }>,
  ): readonly string[] {
    const stores = kind === "HTTPRoute" ? this.#httpRoutes : [this.#grpcRoutes];
    const routes = stores.flatMap((store): Route[] => {
      const route = store.get({ namespace, name });
      return route?.group === group ? [route] : [];
    });
    return routes.flatMap((route) => this.#serversOf(route));
  }

  #onAuthentication(
    type: "mesh-tls" | "network",
    { namespace, name }: { readonly namespace: string; readonly name: string },
  ): void {
    for (const [at, policy] of this.#policies.all()) {
      const refers = policy.required?.some(
        (each) => each.type === type && each.namespace === namespace && each.name === name,
      );
      if (refers === true) this.#onPolicy(at, [policy]);
    }
  }

  /** Only the policy that counts concerns its Server. */
  #onRateLimit({ namespace, before, after }: Turn<RateLimit>): void {
    const others = this.#rateLimits.in(namespace).filter((each) => each !== after);
    const names = [before, after].flatMap((each) => {
      const { server } = each ?? {};
      if (each === undefined || server === undefined) return [];
      const counts = oldest([each, ...others.filter((other) => other.server === server)]) === each;
      return counts ? [server] : [];
    });
    this.#concerns(namespace, names);
  }

  #onRoute({ namespace, before, after }: Turn<Route>): void {
    this.#concerns(
      namespace,
      [before, after].flatMap((route) => (route === undefined ? [] : this.#serversOf(route))),
    );
  }

  #serversOf(route: Route): readonly string[] {
    const { namespace, parents } = route;
    return parents.map(({ name }) => name).filter((name) => isAttached(route, { name, namespace }));
  }
}

const readHttp =
  (group: string) =>
  (object: KeptPolicy, { faults }: Reading): HttpRoute =>
    noting(toHttpRoute(object, group), faults);

const readGrpc = (object: KeptPolicy, { faults }: Reading): GrpcRoute =>
  noting(toGrpcRoute(object), faults);

function noting<R extends Route>(route: R, faults: string[]): R {
  faults.push(...route.rules.flatMap(({ fault }) => fault ?? []));
  return route;
}
