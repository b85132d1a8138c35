/** What a path of the API asks for. */

/** A request for a resource. */
export interface ResourceRoute {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  /** Empty where none is named. */
  readonly namespace: string;
  readonly name: string;
  readonly subresource: string;
  /** What follows the sub-resource, for proxies. */
  readonly rest: string;
}

/** The resource that a path names; undefined for other paths (discovery, health). */
export function parseRoute(path: string): ResourceRoute | undefined {
  const parts = path.split("/").slice(1).map(decode);
  const [root] = parts;
  const [group = "", version = "", tail] =
    root === "api" ? ["", parts[1], parts.slice(2)] : [parts[1], parts[2], parts.slice(3)];
  if ((root !== "api" && root !== "apis") || tail.length === 0 || tail[0] === "") return undefined;
  const inNamespace = tail[0] === "namespaces" && tail.length > 2 && !isOfNamespace(tail[2]);
  const [plural = "", name = "", subresource = "", ...rest] = inNamespace ? tail.slice(2) : tail;
  const namespace = inNamespace ? (tail[1] ?? "") : "";
  return { group, version, plural, namespace, name, subresource, rest: rest.join("/") };
}

function isOfNamespace(part: string | undefined): boolean {
  return part === "status" || part === "finalize";
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
