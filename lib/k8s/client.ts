/** A client of the Kubernetes API on Bun's fetch with `tls`; no retries: who calls knows what to do. */

import { KubeError, kubeErrorOf } from "./kube-error.ts";
import { apiVersionOf, type ObjectName, type Resource, resourcePath } from "./resource.ts";
import type { KubeList, KubeObject } from "./types/meta.ts";
import { type WatchEvent, WatchParser } from "./watch.ts";

/** Where a cluster is and who calls; certificates are PEM, the token is asked for at each request. */
export type ClusterAccess = {
  readonly server: string;
  /** Asked for at each request where it may change. */
  readonly ca?: string | (() => Promise<string>) | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly token?: (() => string | Promise<string>) | undefined;
  /** Whom the caller acts as, where it may. */
  readonly actAs?: { readonly user: string; readonly group?: string | undefined } | undefined;
};

/** Which objects of a collection. Selectors are in kubectl's syntax. */
export type ListOptions = {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  readonly limit?: number | undefined;
  readonly continue?: string | undefined;
};

/** A change to one object; `apply` is server-side apply and needs a `fieldManager`. */
export type Patch = {
  readonly type: "json" | "merge" | "strategic" | "apply";
  readonly body: unknown;
  readonly subresource?: string;
  readonly fieldManager?: string;
  readonly force?: boolean;
};

/** How an object is deleted; without a grace period its own holds. */
export type DeleteOptions = {
  readonly gracePeriodSeconds?: number;
  /** Only this object in this version: another one is a conflict. */
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
};

/** A watch from a version on; it ends when the signal aborts or the server closes it. */
export type WatchOptions = ListOptions & {
  readonly resourceVersion: string;
  /** When the server ends it; it chooses itself where nothing is said. */
  readonly timeoutSeconds?: number;
  readonly signal: AbortSignal;
};

/** The verbs of the API. Every method throws a KubeError when the API does not fulfil it. */
export interface KubeClient {
  list<T extends KubeObject>(resource: Resource<T>, options?: ListOptions): Promise<KubeList<T>>;
  /** Undefined where there is no such object. */
  get<T extends KubeObject>(resource: Resource<T>, name: ObjectName): Promise<T | undefined>;
  create<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T>;
  replace<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T>;
  patch<T extends KubeObject>(resource: Resource<T>, name: ObjectName, patch: Patch): Promise<T>;
  /** No such object is success. */
  delete<T extends KubeObject>(
    resource: Resource<T>,
    name: ObjectName,
    options?: DeleteOptions,
  ): Promise<void>;
  watch<T extends KubeObject>(
    resource: Resource<T>,
    options: WatchOptions,
  ): AsyncIterable<WatchEvent>;
  /** The text at a path that is no object, such as a pod's log or `/version`. */
  text(path: string): Promise<string>;
}

const PATCH_TYPES = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
  apply: "application/apply-patch+yaml",
} as const;

/** Milliseconds until an answer, a watch's events aside. */
const REQUEST_TIMEOUT_MS = 30_000;
const NOT_FOUND = 404;

type Call = {
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly signal?: AbortSignal;
  /** False asks for a connection of its own. */
  readonly keepalive?: boolean;
};

/** Creates a client; it keeps nothing between requests. */
export function createKubeClient(access: ClusterAccess): KubeClient {
  return {
    list: async (resource, options = {}) => {
      const { namespace, ...query } = options;
      const path = resourcePath(resource, { namespace });
      return await json(access, { method: "GET", path, query });
    },
    get: async (resource, name) => {
      const path = resourcePath(resource, name);
      const response = await send(access, { method: "GET", path });
      if (response.status !== NOT_FOUND) return await parse(response, `get ${path}`);
      await response.body?.cancel();
      return undefined;
    },
    create: async (resource, object) => {
      const path = resourcePath(resource, { namespace: object.metadata?.namespace });
      return await json(access, { method: "POST", path, body: typed(resource, object) });
    },
    replace: async (resource, object) => {
      const { name, namespace } = object.metadata ?? {};
      const path = resourcePath(resource, { ...(name !== undefined && { name }), namespace });
      return await json(access, { method: "PUT", path, body: typed(resource, object) });
    },
    patch: async (resource, name, { type, body, subresource, ...query }) =>
      await json(access, {
        method: "PATCH",
        path: resourcePath(resource, { ...name, subresource }),
        query,
        body,
        contentType: PATCH_TYPES[type],
      }),
    delete: async (resource, name, options) => {
      const path = resourcePath(resource, name);
      const response = await send(access, { method: "DELETE", path, body: options });
      if (response.status === NOT_FOUND) await response.body?.cancel();
      else await parse(response, `delete ${path}`);
    },
    watch: (resource, options) => watchEvents(access, { resource, options }),
    text: async (path) => {
      const response = await send(access, { method: "GET", path });
      return await read(response, `get ${path}`);
    },
  };
}

const typed = <T extends KubeObject>(resource: Resource<T>, object: T): T => ({
  apiVersion: apiVersionOf(resource),
  kind: resource.kind,
  ...object,
});

async function json<T>(access: ClusterAccess, call: Call): Promise<T> {
  return await parse(await send(access, call), `${call.method.toLowerCase()} ${call.path}`);
}

async function parse<T>(response: Response, verb: string): Promise<T> {
  return JSON.parse(await read(response, verb)) as T;
}

async function read(response: Response, verb: string): Promise<string> {
  const body = await response.text();
  if (!response.ok) throw refused(verb, response, body);
  return body;
}

function refused(verb: string, { status, headers }: Response, body: string): KubeError {
  return kubeErrorOf(verb, { status, body, retryAfter: headers.get("retry-after") });
}

/** The header fields that say who calls, and whom for. */
export async function whoCalls({ token, actAs }: ClusterAccess): Promise<Record<string, string>> {
  const bearer = await token?.();
  return {
    ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
    ...(actAs !== undefined && { "impersonate-user": actAs.user }),
    ...(actAs?.group !== undefined && { "impersonate-group": actAs.group }),
  };
}

async function send(access: ClusterAccess, call: Call): Promise<Response> {
  const { method, path, query = {}, body, contentType = "application/json" } = call;
  const headers = { accept: "application/json", ...(await whoCalls(access)) };
  try {
    return await fetch(`${access.server}${path}${search(query)}`, {
      method,
      headers: { ...headers, ...(body !== undefined && { "content-type": contentType }) },
      signal: call.signal ?? AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      keepalive: call.keepalive ?? true,
      tls: await tlsOf(access),
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new KubeError("unreachable", {
      message: `Cannot reach Kubernetes API ${access.server}: ${message}`,
      cause,
    });
  }
}

/** How the API proves itself and the caller does, as options of Bun's TLS. */
export async function tlsOf({ ca, cert, key }: ClusterAccess): Promise<Record<string, unknown>> {
  return {
    // Explicit, as NODE_TLS_REJECT_UNAUTHORIZED=0 would switch the check off otherwise.
    rejectUnauthorized: true,
    ...(ca !== undefined && { ca: typeof ca === "string" ? ca : await ca() }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  };
}

function search(query: NonNullable<Call["query"]>): string {
  const given = new URLSearchParams();
  for (const [key, value] of Object.entries(query))
    if (value !== undefined) given.set(key, String(value));
  return given.size === 0 ? "" : `?${given.toString()}`;
}

async function* watchEvents(
  access: ClusterAccess,
  { resource, options }: { readonly resource: Resource; readonly options: WatchOptions },
): AsyncGenerator<WatchEvent> {
  const { namespace, signal, ...query } = options;
  const path = resourcePath(resource, { namespace });
  const response = await send(access, {
    method: "GET",
    path,
    query: { ...query, watch: true, allowWatchBookmarks: true },
    signal,
    // One that is kept may lead to a server that is long gone, as the watch before it did.
    keepalive: false,
  });
  if (!response.ok) {
    const error = refused(`watch ${path}`, response, await response.text());
    if (error.code !== "gone") throw error;
    yield { type: "EXPIRED" };
    return;
  }
  yield { type: "OPENED" };
  if (response.body === null) return;
  const parser = new WatchParser();
  for await (const chunk of response.body) yield* parser.push(chunk);
}
