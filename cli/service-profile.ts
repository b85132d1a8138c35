/** ServiceProfiles out of descriptions of APIs: OpenAPI documents and protobuf files. */

import type { KubeObject } from "#lib/k8s/types/meta.ts";

/** One route as a ServiceProfile has it. */
export type ProfileRoute = {
  readonly name: string;
  readonly condition: { readonly method: string; readonly pathRegex: string };
  readonly isRetryable?: boolean;
  readonly timeout?: string;
  readonly responseClasses?: readonly ResponseClass[];
};

type ResponseClass = {
  readonly condition: { readonly status: { readonly min: number; readonly max: number } };
  readonly isFailure?: boolean;
};

/** The object for a Service. */
export function serviceProfile(
  service: { readonly name: string; readonly namespace: string; readonly domain: string },
  routes: readonly ProfileRoute[],
): KubeObject {
  const { name, namespace, domain } = service;
  const profile = {
    apiVersion: "linkerd.io/v1alpha2",
    kind: "ServiceProfile",
    metadata: { name: `${name}.${namespace}.svc.${domain}`, namespace },
    spec: { routes },
  };
  return profile;
}

const METHODS = ["delete", "get", "head", "options", "patch", "post", "put"] as const;
const FIRST_FAILURE = 500;

type Fields = Readonly<Record<string, unknown>>;
const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Routes of an OpenAPI document (2.0 with its base path, 3.x with the path of its first server): one for each path and
 * method, by path, then method. `x-linkerd-retryable` and `x-linkerd-timeout` of an operation are taken over. Throws
 * where there are no paths.
 */
export function openApiRoutes(document: unknown): ProfileRoute[] {
  const { paths } = isFields(document) ? document : {};
  if (!isFields(document) || !isFields(paths))
    throw new Error("Cannot read an OpenAPI document: it has no paths");
  const base = basePath(document);
  return Object.keys(paths)
    .toSorted()
    .flatMap((path) => {
      const operations = paths[path];
      return METHODS.flatMap((method) => {
        const operation = isFields(operations) ? operations[method] : undefined;
        return isFields(operation)
          ? [openApiRoute(method.toUpperCase(), `${base}/${path.replace(/^\/+/, "")}`, operation)]
          : [];
      });
    });
}

function basePath(document: Fields): string {
  const { basePath: own, servers } = document;
  const [server] = Array.isArray(servers) ? (servers as unknown[]) : [];
  const url = isFields(server) ? server["url"] : undefined;
  const base = typeof own === "string" ? own : pathOf(typeof url === "string" ? url : "");
  return base.replace(/\/+$/, "");
}

/** The path of a server's address, which may itself be a path. */
const pathOf = (url: string): string => url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, "");

function openApiRoute(method: string, path: string, operation: Fields): ProfileRoute {
  const { "x-linkerd-retryable": retryable, "x-linkerd-timeout": timeout, responses } = operation;
  const classes = responseClasses(responses);
  return {
    name: `${method} ${path}`,
    condition: { method, pathRegex: pathExpression(path) },
    ...(retryable === true && { isRetryable: true }),
    ...(typeof timeout === "string" && { timeout }),
    ...(classes.length > 0 && { responseClasses: classes }),
  };
}

/** A path with parameters in braces, as an expression: each stands for one segment. */
const pathExpression = (path: string): string =>
  path
    .split(/(\{[^{}]*\})/)
    .map((part) => (part.startsWith("{") ? "[^/]*" : escaped(part)))
    .join("");

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

function responseClasses(responses: unknown): ResponseClass[] {
  if (!isFields(responses)) return [];
  return Object.keys(responses)
    .filter((code) => /^[1-5]\d\d$/.test(code))
    .map(Number)
    .toSorted((a, b) => a - b)
    .map((code) => ({
      condition: { status: { min: code, max: code } },
      ...(code >= FIRST_FAILURE && { isFailure: true }),
    }));
}

/** Comments, texts, words and single characters; of a text only that there is one matters. */
const TOKEN = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|[\w.]+|\S/g;

/** Routes of a protobuf file: one for each method of its services, in the file's order; what is idempotent may be tried again. Throws where it has none. */
export function protoRoutes(text: string): ProfileRoute[] {
  const tokens = (text.match(TOKEN) ?? []).filter((token) => !/^\/[/*]/.test(token));
  const reader = new ProtoReader();
  for (const [at, token] of tokens.entries()) reader.take(token, tokens[at + 1] ?? "");
  if (reader.routes.length === 0)
    throw new Error("Cannot read a protobuf file: it has no service with methods");
  return reader.routes;
}

/** Levels of an option of methods by which a call may be made twice. */
const IDEMPOTENT = ["IDEMPOTENT", "NO_SIDE_EFFECTS"];

/** Follows braces: a package and services stand outside of all, methods in a service, their options in a method. */
class ProtoReader {
  readonly routes: ProfileRoute[] = [];
  #package = "";
  #service = "";
  #depth = 0;
  #isLevel = false;

  take(token: string, next: string): void {
    if (token === "{") this.#depth++;
    else if (token === "}") this.#depth--;
    else if (this.#depth === 0) this.#outside(token, next);
    else if (this.#service === "") return;
    else if (this.#depth === 1 && token === "rpc") this.#method(next);
    else if (this.#depth === 2) this.#option(token);
  }

  #outside(token: string, next: string): void {
    if (token === "package") this.#package = `${next}.`;
    else if (token === "service") this.#service = next;
    else if (token === "message" || token === "enum" || token === "extend") this.#service = "";
  }

  #method(name: string): void {
    const path = `/${this.#package}${this.#service}/${name}`;
    this.routes.push({ name, condition: { method: "POST", pathRegex: escaped(path) } });
  }

  #option(token: string): void {
    if (token === "idempotency_level") this.#isLevel = true;
    else if (token === ";") this.#isLevel = false;
    else if (this.#isLevel && IDEMPOTENT.includes(token)) {
      const method = this.routes.pop();
      if (method !== undefined) this.routes.push({ ...method, isRetryable: true });
    }
  }
}
