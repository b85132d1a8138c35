/** What is served, as clients ask for it: legacy lists and the aggregated document. */

import { type ApiResource, groupVersion } from "./kinds.ts";
import type { Fields } from "./object.ts";

const VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

/** The answer for a path of discovery; undefined where the path is none. */
export function discover(
  path: string,
  how: {
    readonly kinds: readonly ApiResource[];
    readonly aggregated: boolean;
    readonly address: string;
  },
): Fields | undefined {
  const { kinds } = how;
  const plain = path.replace(/\/$/, "");
  if (plain === "/api") {
    if (how.aggregated) return aggregate(kinds.filter(({ group }) => group === ""));
    return {
      kind: "APIVersions",
      versions: ["v1"],
      serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress: how.address }],
    };
  }
  if (plain === "/apis") {
    const grouped = kinds.filter(({ group }) => group !== "");
    if (how.aggregated) return aggregate(grouped);
    return {
      kind: "APIGroupList",
      apiVersion: "v1",
      groups: groupsOf(grouped).map((group) => groupDocument(group, kinds)),
    };
  }
  const [, group, version] = /^\/apis\/([^/]+)(?:\/([^/]+))?$/.exec(plain) ?? [];
  if (group !== undefined && version === undefined) {
    if (!kinds.some((kind) => kind.group === group)) return undefined;
    return { kind: "APIGroup", apiVersion: "v1", ...groupDocument(group, kinds) };
  }
  const wanted = plain === "/api/v1" ? "v1" : `${group}/${version}`;
  const served = kinds.filter((kind) => groupVersion(kind) === wanted);
  if (served.length === 0) return undefined;
  return {
    kind: "APIResourceList",
    apiVersion: "v1",
    groupVersion: wanted,
    resources: served.flatMap(resourceRows),
  };
}

function groupsOf(kinds: readonly ApiResource[]): string[] {
  return [...new Set(kinds.map(({ group }) => group))];
}

function groupDocument(group: string, kinds: readonly ApiResource[]): Fields {
  const versions = versionsOf(kinds.filter((kind) => kind.group === group));
  const listed = versions.map((version) => ({ groupVersion: `${group}/${version}`, version }));
  return { name: group, versions: listed, preferredVersion: listed[0] };
}

/** Stable versions before betas before alphas, newer ones first. */
function versionsOf(kinds: readonly ApiResource[]): string[] {
  const rank = (version: string): number => {
    const [, major = "0", stage = "", minor = "0"] =
      /^v(\d+)(alpha|beta)?(\d+)?$/.exec(version) ?? [];
    const step = stage === "" ? 2 : stage === "beta" ? 1 : 0;
    return step * 1_000_000 + Number(major) * 1000 + Number(minor);
  };
  return [...new Set(kinds.map(({ version }) => version))].toSorted((a, b) => rank(b) - rank(a));
}

function resourceRows(kind: ApiResource): Fields[] {
  const row = {
    name: kind.plural,
    singularName: kind.singular,
    namespaced: kind.namespaced,
    kind: kind.kind,
    verbs: kind.ephemeral ? ["create"] : VERBS,
    ...(kind.shortNames.length > 0 && { shortNames: kind.shortNames }),
    ...(kind.categories.length > 0 && { categories: kind.categories }),
  };
  const below = kind.subresources.map((name) => {
    const { responseKind, verbs } = subresourceOf(kind, name);
    return {
      name: `${kind.plural}/${name}`,
      singularName: "",
      namespaced: kind.namespaced,
      ...responseKind,
      verbs,
    };
  });
  return [row, ...below];
}

function subresourceOf(
  kind: ApiResource,
  name: string,
): {
  readonly responseKind: {
    readonly group: string;
    readonly version: string;
    readonly kind: string;
  };
  readonly verbs: readonly string[];
} {
  switch (name) {
    case "scale":
      return {
        responseKind: { group: "autoscaling", version: "v1", kind: "Scale" },
        verbs: ["get", "patch", "update"],
      };
    case "eviction":
      return {
        responseKind: { group: "policy", version: "v1", kind: "Eviction" },
        verbs: ["create"],
      };
    case "token":
      return {
        responseKind: { group: "authentication.k8s.io", version: "v1", kind: "TokenRequest" },
        verbs: ["create"],
      };
    case "log":
      return {
        responseKind: { group: kind.group, version: kind.version, kind: kind.kind },
        verbs: ["get"],
      };
    case "exec":
    case "attach":
    case "portforward":
    case "proxy":
      return {
        responseKind: { group: "", version: "v1", kind: "PodExecOptions" },
        verbs: ["create", "get"],
      };
    default:
      return {
        responseKind: { group: kind.group, version: kind.version, kind: kind.kind },
        verbs: ["get", "patch", "update"],
      };
  }
}

function aggregate(kinds: readonly ApiResource[]): Fields {
  return {
    kind: "APIGroupDiscoveryList",
    apiVersion: "apidiscovery.k8s.io/v2",
    metadata: {},
    items: groupsOf(kinds).map((group) => {
      const own = kinds.filter((kind) => kind.group === group);
      return {
        metadata: { name: group, creationTimestamp: null },
        versions: versionsOf(own).map((version) => ({
          version,
          freshness: "Current",
          resources: own.filter((kind) => kind.version === version).map(aggregated),
        })),
      };
    }),
  };
}

function aggregated(kind: ApiResource): Fields {
  const { group, version } = kind;
  return {
    resource: kind.plural,
    responseKind: { group, version, kind: kind.kind },
    scope: kind.namespaced ? "Namespaced" : "Cluster",
    singularResource: kind.singular,
    verbs: kind.ephemeral ? ["create"] : VERBS,
    ...(kind.shortNames.length > 0 && { shortNames: kind.shortNames }),
    ...(kind.categories.length > 0 && { categories: kind.categories }),
    ...(kind.subresources.length > 0 && {
      subresources: kind.subresources.map((name) => ({
        subresource: name,
        ...subresourceOf(kind, name),
      })),
    }),
  };
}
