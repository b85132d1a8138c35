/** Routes as users write them: which requests a rule takes, what it does with them, and where they may go. */

/** The group of Linkerd's policy objects, its own HTTPRoute among them. */
export const POLICY_GROUP = "policy.linkerd.io";
/** The group of the Gateway API. */
export const GATEWAY_GROUP = "gateway.networking.k8s.io";

/** A value that is compared whole: as it is, or by a regular expression. */
export type TextMatch = { readonly type: "exact" | "regex"; readonly value: string };

/** One header or query parameter by its name. */
export type NamedMatch = TextMatch & { readonly name: string };

/** A prefix ends with a segment of the path. */
export type PathMatch = { readonly type: "exact" | "prefix" | "regex"; readonly value: string };

/** All parts must hold; what is undefined or empty always does. */
export type HttpMatch = {
  readonly path: PathMatch | undefined;
  readonly method: string | undefined;
  readonly headers: readonly NamedMatch[];
  readonly queryParams: readonly NamedMatch[];
};

/** An empty service or method stands for any. */
export type GrpcMatch = {
  readonly service: string;
  readonly method: string;
  readonly headers: readonly NamedMatch[];
};

/** The host of a request, or the SNI of a connection; a suffix stands for the names below it. */
export type HostMatch = { readonly type: "exact" | "suffix"; readonly name: string };

/** Added, then set, then removed. */
export type HeaderModifier = {
  readonly add: readonly { readonly name: string; readonly value: string }[];
  readonly set: readonly { readonly name: string; readonly value: string }[];
  readonly remove: readonly string[];
};

/** What is undefined stays as the request has it. */
export type Redirect = {
  readonly scheme: "http" | "https" | undefined;
  readonly host: string | undefined;
  readonly path: { readonly type: "full" | "prefix"; readonly value: string } | undefined;
  readonly port: number | undefined;
  readonly status: number;
};

/** What is done with a request or its response. */
export type RouteFilter =
  | { readonly type: "request-headers" | "response-headers"; readonly modifier: HeaderModifier }
  | { readonly type: "redirect"; readonly redirect: Redirect };

/** Where a rule sends requests. */
export type BackendRef = {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  readonly port: number | undefined;
  readonly weight: number;
  readonly filters: readonly RouteFilter[];
  /** What of it is not known or cannot be read. */
  readonly fault: string | undefined;
};

/** In milliseconds; 0 says that there is none, undefined says nothing. */
export type RouteTimeouts = {
  readonly requestMs: number | undefined;
  readonly backendRequestMs: number | undefined;
};

/** One rule: any one of its matches is enough, and none takes everything. */
export type RouteRule<Match> = {
  readonly matches: readonly Match[];
  readonly filters: readonly RouteFilter[];
  readonly backends: readonly BackendRef[];
  readonly timeouts: RouteTimeouts;
  /** What of it is not known or cannot be read: `matches` then has what is known, and may take too much. Such a rule serves no request. */
  readonly fault: string | undefined;
};

/** What a route is attached to. */
export type ParentRef = {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  readonly port: number | undefined;
  readonly section: string | undefined;
};

type RouteHead = {
  /** `policy.linkerd.io` or `gateway.networking.k8s.io`. */
  readonly group: string;
  readonly name: string;
  readonly namespace: string;
  /** When it was made, in milliseconds since 1970. */
  readonly createdMs: number;
  readonly parents: readonly ParentRef[];
  /** Empty: any host. */
  readonly hosts: readonly HostMatch[];
};

/** A route of HTTP requests. */
export type HttpRoute = RouteHead & {
  readonly kind: "HTTPRoute";
  readonly rules: readonly RouteRule<HttpMatch>[];
};

/** A route of gRPC calls. */
export type GrpcRoute = RouteHead & {
  readonly kind: "GRPCRoute";
  readonly rules: readonly RouteRule<GrpcMatch>[];
};

/** A route of connections: by SNI, or all of them. */
export type StreamRoute = RouteHead & {
  readonly kind: "TLSRoute" | "TCPRoute";
  readonly rules: readonly RouteRule<never>[];
};

/** Kinds of routes, the stronger first: one of them holds on a port (OUT3, INB12). */
export const KINDS_BY_STRENGTH: readonly (HttpRoute | GrpcRoute | StreamRoute)["kind"][] = [
  ...(["GRPCRoute", "HTTPRoute", "TLSRoute", "TCPRoute"] as const),
];

/** What Kubernetes orders objects of one kind by. */
export type Aged = {
  readonly name: string;
  readonly namespace: string;
  readonly createdMs: number;
};

/** The older first, then by namespace and name. */
export function byAge(a: Aged, b: Aged): number {
  return (
    a.createdMs - b.createdMs ||
    compareText(a.namespace, b.namespace) ||
    compareText(a.name, b.name)
  );
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
