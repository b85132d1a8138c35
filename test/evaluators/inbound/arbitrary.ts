/** Worlds and calls by chance: few names, so that references meet; some objects are odd, some lead nowhere. */

import type { Chance } from "../chance.ts";
import type { Call, Networks, Ref, Rule, Selector, Spec, World, Written } from "./objects.ts";

const POLICY = "policy.linkerd.io";
const GATEWAY = "gateway.networking.k8s.io";
const NAMESPACES = ["shop", "jobs"];
const NAMES = ["a", "b", "c"];
/** Names that references lead to: where there is one object, it is `a`. */
const MEANT = ["a", "a", "a", "b", "c"];
const POLICIES = [
  ...["all-unauthenticated", "all-authenticated", "cluster-unauthenticated"],
  ...["cluster-authenticated", "deny", "audit"],
];
const PORTS = [8080, 8081, 9000];
const CIDRS = ["10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "192.168.0.0/24", "0.0.0.0/0", "::/0"];
const IPS = ["10.1.2.3", "10.1.9.9", "10.9.9.9", "192.168.0.200", "172.16.0.1", "fd00::1"];
const HOLES = ["10.1.0.0/16", "10.1.2.0/24", "10.1.2.3/32", "192.168.0.128/25"];
const SUFFIX = "serviceaccount.identity.linkerd.cluster.local";
const IDENTITIES = NAMES.flatMap((name) =>
  NAMESPACES.map((namespace) => `${name}.${namespace}.${SUFFIX}`),
);
const PATHS = ["/", "/a", "/a/b", "/ab", "/ready"];
const METHODS = ["GET", "POST"];
const HOSTS = ["web.example", "api.example"];
const ODD = 0.1;

/** A world. */
export function arbitraryWorld(chance: Chance): World {
  const mark = "config.linkerd.io/default-inbound-policy";
  return {
    objects: [...objectsOf(chance)],
    namespace: "shop",
    labels: { app: chance.one(["web", "db"]), ...chance.maybe(0.5, () => ({ tier: "front" })) },
    ports: [
      { name: "http", port: 8080 },
      { name: chance.one(["http", "admin"]), port: 8081 },
    ],
    probes: chance.some(
      PORTS.map((port) => ({ port, path: chance.one(["/ready", "/a"]) })),
      0.3,
    ),
    podAnnotations: {
      ...chance.maybe(0.3, () => ({ [mark]: chance.one([...POLICIES, "odd"]) })),
      ...chance.maybe(0.2, () => ({ "config.linkerd.io/opaque-ports": "9000" })),
      ...chance.maybe(0.2, () => ({
        "config.linkerd.io/proxy-require-identity-inbound-ports": "8080,9000",
      })),
    },
    namespaceAnnotations: chance.maybe(0.3, () => ({ [mark]: chance.one(POLICIES) })),
    cluster: {
      defaultPolicy: chance.one(POLICIES),
      networks: chance.one([["10.0.0.0/8"], ["10.0.0.0/8", "192.168.0.0/24"]]),
      probeNetworks: chance.one([["0.0.0.0/0"], ["192.168.0.0/24"], []]),
    },
  };
}

/** A call; `of` a pod that has it, its names among those of the world. */
export function arbitraryCall(chance: Chance): Call {
  return {
    port: chance.one([8080, ...PORTS]),
    ip: chance.is(0.02) ? "127.0.0.1" : chance.one(IPS),
    tls: chance.one(["none", "anonymous", ...IDENTITIES.map((identity) => ({ identity }))]),
    method: chance.one(METHODS),
    path: chance.one(PATHS),
    host: chance.one(HOSTS),
    version: chance.one(["1", "2"]),
  };
}

function* objectsOf(chance: Chance): Iterable<Written> {
  const make = (kind: string, group: string, most: 2 | 3, spec: () => Spec): Written[] =>
    chance.times(most, (index) => ({
      ...{ kind, group, name: NAMES[index] ?? "", created: chance.one([1, 2]) },
      namespace: chance.is(0.9) ? "shop" : "jobs",
      labels: chance.maybe(0.5, () => ({ team: chance.one(["x", "y"]) })),
      spec: { ...spec(), ...chance.maybe(ODD, () => ({ unless: [] })) },
    }));
  yield* make("Server", POLICY, 3, () => ({
    podSelector: chance.is(0.6) ? {} : arbitrarySelector(chance),
    port: chance.one([...PORTS, 8080, "http", "http", "admin"]),
    proxyProtocol: chance.one(["unknown", "HTTP/1", "HTTP/1", "HTTP/2", "gRPC", "opaque", "TLS"]),
    ...chance.maybe(0.3, () => ({ accessPolicy: chance.one(POLICIES) })),
  }));
  yield* make("ServerAuthorization", POLICY, 2, () => ({
    server: {
      ...chance.maybe(0.6, () => ({ name: chance.one(MEANT) })),
      ...chance.maybe(0.5, () => ({ selector: arbitrarySelector(chance, "team", ["x", "y"]) })),
    },
    client: arbitraryClient(chance),
  }));
  yield* make("AuthorizationPolicy", POLICY, 3, () => ({
    targetRef: arbitraryTarget(chance),
    requiredAuthenticationRefs: chance.times(2, () => arbitraryAuthentication(chance)),
  }));
  yield* make("MeshTLSAuthentication", POLICY, 3, () => ({
    ...chance.maybe(0.6, () => ({ identities: arbitraryIdentities(chance) })),
    ...chance.maybe(0.6, () => ({
      identityRefs: chance.times(2, () => arbitraryClientRef(chance)),
    })),
  }));
  yield* make("NetworkAuthentication", POLICY, 3, () => ({ networks: arbitraryNetworks(chance) }));
  for (const group of [POLICY, GATEWAY])
    yield* make("HTTPRoute", group, 2, () => ({
      parentRefs: chance.times(2, () => arbitraryParent(chance)),
      ...chance.maybe(0.3, () => ({ hostnames: chance.some(HOSTS, 0.7) })),
      rules: chance.times(3, () => arbitraryRule(chance)),
    }));
}

function arbitrarySelector(chance: Chance, key = "app", values = ["web", "db"]): Selector {
  return {
    ...chance.maybe(0.5, () => ({ matchLabels: { [key]: chance.one(values) } })),
    ...chance.maybe(0.3, () => ({
      matchExpressions: [
        chance.one([
          { key, operator: "In", values: chance.some(values) },
          { key, operator: "NotIn", values: chance.some(values) },
          { key: "tier", operator: "Exists" },
          { key: "tier", operator: "DoesNotExist" },
        ]),
      ],
    })),
  };
}

function arbitraryClient(chance: Chance): NonNullable<Spec["client"]> {
  return {
    ...chance.maybe(0.4, () => ({ networks: arbitraryNetworks(chance) })),
    ...chance.maybe(0.3, () => ({ unauthenticated: chance.is(0.7) })),
    ...chance.maybe(0.7, () => ({
      meshTLS: {
        ...chance.maybe(0.3, () => ({ unauthenticatedTLS: chance.is(0.5) })),
        ...chance.maybe(0.5, () => ({ identities: arbitraryIdentities(chance) })),
        ...chance.maybe(0.5, () => ({
          serviceAccounts: chance.times(2, () => ({
            name: chance.one(NAMES),
            ...chance.maybe(0.5, () => ({ namespace: chance.one(NAMESPACES) })),
          })),
        })),
      },
    })),
    ...chance.maybe(ODD, () => ({ onlyOn: "monday" })),
  };
}

const arbitraryNetworks = (chance: Chance): Networks =>
  chance.times(3, () => ({
    cidr: chance.one(CIDRS),
    ...chance.maybe(0.4, () => ({ except: chance.some(HOLES, 0.4) })),
  }));

const arbitraryIdentities = (chance: Chance): string[] =>
  chance.times(2, () =>
    chance.one([...IDENTITIES, "*", `*.jobs.${SUFFIX}`, `*.${SUFFIX}`, "*.local", "x.y"]),
  );

const arbitraryClientRef = (chance: Chance): Ref =>
  chance.is(0.3)
    ? { kind: "Namespace", name: chance.one(NAMESPACES) }
    : {
        ...{ kind: "ServiceAccount", name: chance.one(NAMES) },
        ...chance.maybe(0.5, () => ({ namespace: chance.one(NAMESPACES) })),
      };

function arbitraryAuthentication(chance: Chance): Ref {
  const kind = chance.one(["MeshTLSAuthentication", "NetworkAuthentication", "ServiceAccount"]);
  return {
    ...{ kind, name: chance.one(MEANT), group: kind === "ServiceAccount" ? "" : POLICY },
    ...chance.maybe(0.15, () => ({ namespace: chance.one(NAMESPACES) })),
  };
}

function arbitraryTarget(chance: Chance): Ref {
  if (chance.is(0.2)) return { group: "", kind: "Namespace", name: chance.one(NAMESPACES) };
  if (chance.is(0.5)) return { group: POLICY, kind: "Server", name: chance.one(MEANT) };
  return { group: chance.one([POLICY, GATEWAY]), kind: "HTTPRoute", name: chance.one(MEANT) };
}

const arbitraryParent = (chance: Chance): Ref => ({
  ...{ group: POLICY, kind: "Server", name: chance.one(MEANT) },
  ...chance.maybe(0.1, () => ({ namespace: chance.one(NAMESPACES) })),
  ...chance.maybe(0.1, () => ({ port: 8080 })),
});

function arbitraryRule(chance: Chance): Rule {
  const match = (): NonNullable<Rule["matches"]>[number] => ({
    ...chance.maybe(0.8, () => ({
      path: { type: chance.one(["Exact", "PathPrefix"]), value: chance.one(PATHS) },
    })),
    ...chance.maybe(0.3, () => ({ method: chance.one(METHODS) })),
    ...chance.maybe(0.3, () => ({
      headers: [{ name: "x-version", value: chance.one(["1", "2"]) }],
    })),
  });
  return {
    ...chance.maybe(0.8, () => ({ matches: [match(), ...chance.times(1, match)] })),
    ...chance.maybe(0.2, () => ({
      filters: [{ type: "RequestHeaderModifier", requestHeaderModifier: {} }],
    })),
    ...chance.maybe(ODD, () => ({ filters: [{ type: "URLRewrite", urlRewrite: {} }] })),
    ...chance.maybe(ODD, () => ({ unless: {} })),
  };
}
