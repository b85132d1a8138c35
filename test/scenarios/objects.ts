/** The objects that scenarios apply, as users write them. */

/** An object of Kubernetes, before it is applied. */
export type Manifest = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: object;
};

/** Metadata beside the name. */
export type More = Omit<Manifest["metadata"], "name">;

/** The group of Linkerd's policies. */
export const POLICY = "policy.linkerd.io";
/** The group of the Gateway API. */
export const GATEWAY = "gateway.networking.k8s.io";

/** A reference of a route to what it is attached to, or from a policy to what it is about. */
export type Ref = {
  readonly group?: string;
  readonly kind?: string;
  readonly name: string;
  readonly namespace?: string;
  readonly port?: number;
  readonly sectionName?: string;
};

type Made = Pick<Manifest, "apiVersion" | "kind"> & { readonly name: string };

const made = ({ apiVersion, kind, name }: Made, spec: object, more: More = {}): Manifest => ({
  apiVersion,
  kind,
  metadata: { name, ...more },
  spec,
});

const policy =
  (kind: string, version = "v1alpha1") =>
  (name: string): Made => ({
    apiVersion: `${POLICY}/${version}`,
    kind,
    name,
  });

/** What a route says beside its parent and rules. */
export type RouteMore = More & { readonly hostnames?: readonly string[] };

/** Writes a route: its name, what it is attached to, its rules. */
export type WriteRoute = (
  name: string,
  parent: Ref,
  rules: readonly object[],
  more?: RouteMore,
) => Manifest;

const route =
  (apiVersion: string, kind: string): WriteRoute =>
  (name, parent, rules, { hostnames, ...more } = {}) =>
    made({ apiVersion, kind, name }, { hostnames, parentRefs: [parent], rules }, more);

/** Routes of the Gateway API, and Linkerd's own of HTTP. */
export const httpRoute: WriteRoute = route(`${GATEWAY}/v1`, "HTTPRoute");
export const linkerdRoute: WriteRoute = route(`${POLICY}/v1beta3`, "HTTPRoute");
export const grpcRoute: WriteRoute = route(`${GATEWAY}/v1`, "GRPCRoute");
export const tlsRoute: WriteRoute = route(`${GATEWAY}/v1alpha2`, "TLSRoute");
export const tcpRoute: WriteRoute = route(`${GATEWAY}/v1alpha2`, "TCPRoute");

/** A backend of a rule; the port is 80 unless said. */
export const to = (name: string, weight?: number, more: object = {}): object => ({
  name,
  port: 80,
  ...(weight === undefined ? {} : { weight }),
  ...more,
});

/** A match by path: `=/exact`, `/prefix` or `~pattern`. */
export function path(text: string): { readonly path: object } {
  if (text.startsWith("=")) return { path: { type: "Exact", value: text.slice(1) } };
  if (text.startsWith("~")) return { path: { type: "RegularExpression", value: text.slice(1) } };
  return { path: { type: "PathPrefix", value: text } };
}

/** A match by headers or by queries: values that begin with `~` are patterns. */
export const fields = (
  on: "headers" | "queryParams",
  pairs: Readonly<Record<string, string>>,
): object => ({
  [on]: Object.entries(pairs).map(([name, value]) =>
    value.startsWith("~")
      ? { type: "RegularExpression", name, value: value.slice(1) }
      : { type: "Exact", name, value },
  ),
});

/** What a Server says beside its port. */
export type ServerMore = {
  readonly podSelector?: object;
  readonly accessPolicy?: string;
  readonly proxyProtocol?: string;
};

/** A Server of the pods of `web`, or of others. */
export const server = (name: string, port: number | string, more: ServerMore = {}): Manifest =>
  made(policy("Server", "v1beta3")(name), {
    podSelector: { matchLabels: { app: "web" } },
    ...{ port, ...more },
  });

/** The Server of the admin ports of an app's proxies, which anybody may ask unless said otherwise. */
export const adminServer = (app: string, accessPolicy = "all-unauthenticated"): Manifest =>
  server(`${app}-admin`, "linkerd-admin", {
    podSelector: { matchLabels: { app } },
    accessPolicy,
  });

/** A reference to a Server. */
export const toServer = (name: string): Ref => ({ group: POLICY, kind: "Server", name });

/** Lets those through who have all of these authentications. */
export const authorization = (
  name: string,
  targetRef: Ref,
  requiredAuthenticationRefs: readonly Ref[],
): Manifest => made(policy("AuthorizationPolicy")(name), { targetRef, requiredAuthenticationRefs });

/** Identities, by name or by reference. */
export const meshTls = (name: string, spec: object): Manifest =>
  made(policy("MeshTLSAuthentication")(name), spec);

/** Networks. */
export const network = (name: string, networks: readonly object[]): Manifest =>
  made(policy("NetworkAuthentication")(name), { networks });

/** References to these two. */
export const byMeshTls = (name: string): Ref => ({
  ...{ group: POLICY, kind: "MeshTLSAuthentication", name },
});
export const byNetwork = (name: string): Ref => ({
  ...{ group: POLICY, kind: "NetworkAuthentication", name },
});
export const byAccount = (name: string, namespace?: string): Ref => ({
  ...{ kind: "ServiceAccount", name },
  ...(namespace === undefined ? {} : { namespace }),
});

/** The older kind of authorization. */
export const serverAuthorization = (name: string, spec: object): Manifest =>
  made(policy("ServerAuthorization", "v1beta1")(name), spec);

/** A limit of a Server's requests. */
export const rateLimit = (name: string, of: string, spec: object): Manifest =>
  made(policy("HTTPLocalRateLimitPolicy")(name), { targetRef: toServer(of), ...spec });

/** What is outside of the cluster. */
export const egressNetwork = (name: string, spec: object, more: More = {}): Manifest =>
  made(policy("EgressNetwork")(name), spec, more);

/** A ServiceProfile; its name is the Service's whole one. */
export const profile = (name: string, spec: object, more: More = {}): Manifest =>
  made({ apiVersion: "linkerd.io/v1alpha2", kind: "ServiceProfile", name }, spec, more);
