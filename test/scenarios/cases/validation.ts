/** What kubectl says to objects that cannot mean what their user wants: nothing of them is stored. */

import { GATEWAY, POLICY } from "../objects.ts";
import { type Scenario, same } from "../scenario.ts";

/** A kind with a spec that is let in, one that is not, and what kubectl says of that. */
type Case = {
  readonly name: string;
  readonly kind: string;
  readonly api: string;
  readonly good: object;
  readonly bad: object;
  readonly says: string;
};

const parentRefs = [{ group: "core", kind: "Service", name: "web", port: 80 }];
const SERVER = { group: POLICY, kind: "Server", name: "web" };

const CASES: readonly Case[] = [
  {
    name: "ADM2: a Server selects pods or workloads",
    ...{ kind: "Server", api: `${POLICY}/v1beta3` },
    good: { podSelector: { matchLabels: { app: "validated" } }, port: 8080 },
    bad: { podSelector: {}, externalWorkloadSelector: {}, port: 8080 },
    says: "spec: exactly one of podSelector and externalWorkloadSelector must be set",
  },
  {
    name: "ADM10: a Server's policy is one that there is",
    ...{ kind: "Server", api: `${POLICY}/v1beta3` },
    good: { podSelector: { matchLabels: { app: "validated" } }, port: 8080, accessPolicy: "deny" },
    bad: { podSelector: {}, port: 8080, accessPolicy: "all-authentic" },
    says: 'spec.accessPolicy: "all-authentic" is none',
  },
  {
    name: "ADM3: an AuthorizationPolicy asks for one identity",
    ...{ kind: "AuthorizationPolicy", api: `${POLICY}/v1alpha1` },
    good: {
      targetRef: SERVER,
      requiredAuthenticationRefs: [{ kind: "ServiceAccount", name: "client" }],
    },
    bad: {
      targetRef: SERVER,
      requiredAuthenticationRefs: [
        { kind: "ServiceAccount", name: "client" },
        { group: POLICY, kind: "MeshTLSAuthentication", name: "clients" },
      ],
    },
    says: "only one MeshTLSAuthentication or ServiceAccount",
  },
  {
    name: "ADM4: a MeshTLSAuthentication names identities",
    ...{ kind: "MeshTLSAuthentication", api: `${POLICY}/v1alpha1` },
    good: { identities: ["*.scenario.serviceaccount.identity.linkerd.cluster.local"] },
    bad: { identities: ["client.*"] },
    says: '"client.*" is no identity',
  },
  {
    name: "ADM5: a NetworkAuthentication names networks",
    ...{ kind: "NetworkAuthentication", api: `${POLICY}/v1alpha1` },
    good: { networks: [{ cidr: "10.0.0.0/8", except: ["10.1.0.0/16"] }] },
    bad: { networks: [{ cidr: "10.0.0.0/8", except: ["10.0.0.0/7"] }] },
    says: "10.0.0.0/7 leaves nothing of 10.0.0.0/8",
  },
  {
    name: "ADM6: an EgressNetwork names networks",
    ...{ kind: "EgressNetwork", api: `${POLICY}/v1alpha1` },
    good: { trafficPolicy: "Allow", networks: [{ cidr: "192.0.2.0/24" }] },
    bad: { trafficPolicy: "Allow", networks: [{ cidr: "192.0.2.0/33" }] },
    says: '"192.0.2.0/33" is no network',
  },
  {
    name: "ADM9: a rate limit is of a Server, and no part is above the whole",
    ...{ kind: "HTTPLocalRateLimitPolicy", api: `${POLICY}/v1alpha1` },
    good: { targetRef: SERVER, total: { requestsPerSecond: 100 } },
    bad: {
      targetRef: SERVER,
      total: { requestsPerSecond: 1 },
      identity: { requestsPerSecond: 10 },
    },
    says: "10 is above the total of 1",
  },
  {
    name: "ADM7: an HTTPRoute's expressions can be read",
    ...{ kind: "HTTPRoute", api: `${GATEWAY}/v1` },
    good: { parentRefs, rules: [{ backendRefs: [{ name: "web", port: 80 }] }] },
    bad: {
      parentRefs,
      rules: [{ matches: [{ path: { type: "RegularExpression", value: "/(" } }] }],
    },
    says: "spec.rules[0].matches[0].path",
  },
  {
    name: "ADM8: a TCPRoute has one rule",
    ...{ kind: "TCPRoute", api: `${GATEWAY}/v1alpha2` },
    good: { parentRefs, rules: [{ backendRefs: [{ name: "web", port: 80 }] }] },
    bad: {
      parentRefs,
      rules: [
        { backendRefs: [{ name: "web", port: 80 }] },
        { backendRefs: [{ name: "web", port: 9090 }] },
      ],
    },
    says: "spec.rules: a TCPRoute has exactly one rule, and this one has 2",
  },
  {
    name: "ADM13: a ServiceProfile's durations can be read",
    ...{ kind: "ServiceProfile", api: "linkerd.io/v1alpha2" },
    good: { routes: [{ name: "all", condition: { pathRegex: "/.*" }, timeout: "30s" }] },
    bad: { routes: [{ name: "all", condition: { pathRegex: "/.*" }, timeout: "soon" }] },
    says: 'spec.routes[0].timeout: "soon" is no duration',
  },
];

/** Whole names, as a ServiceProfile's must be one. */
const NAME = "validated.scenario.svc.cluster.local";

/** An object as a user writes it; JSON is YAML too. */
const written = ({ kind, api }: Pick<Case, "kind" | "api">, spec: object, name = NAME): string =>
  JSON.stringify({ apiVersion: api, kind, metadata: { name }, spec });

function contains(what: string, text: string, part: string): void {
  if (!text.includes(part)) throw new Error(`${what}: "${text.trim()}" does not say "${part}"`);
}

/** Scenarios of admission. */
export const VALIDATION: readonly Scenario[] = [
  ...CASES.map(
    (each): Scenario => ({
      name: each.name,
      run: async (world) => {
        const webhook =
          each.kind === "ServiceProfile" ? "linkerd-sp-validator" : "linkerd-policy-validator";
        const said = await world.refused(written(each, each.bad));
        contains(
          "who refuses",
          said,
          `admission webhook "${webhook}.linkerd.io" denied the request`,
        );
        contains("why", said, each.says);
        const [group] = each.api.split("/");
        const stored = await world.kubectl("get", `${each.kind}.${group}`, "-o", "name");
        same("what is stored", stored.trim(), "");
        await world.apply(written(each, each.good));
        contains("why, of a change", await world.refused(written(each, each.bad)), each.says);
      },
    }),
  ),
  {
    name: "ADM1: a second Server for a port of the same pods is refused, in one file too",
    run: async (world) => {
      const server = { kind: "Server", api: `${POLICY}/v1beta3` };
      const spec = { podSelector: { matchLabels: { app: "validated" } }, port: 8080 };
      const both = ["first", "second"].map((name) => written(server, spec, name)).join("\n---\n");
      try {
        const said = await world.refused(both);
        contains("why", said, "Server first is for the same port of the same pods");
        const names = await world.kubectl("get", `servers.${POLICY}`, "-o", "name");
        same("what is stored", names.trim(), `server.${POLICY}/first`);
      } finally {
        await world.kubectl("delete", "--ignore-not-found", `servers.${POLICY}`, "first", "second");
      }
    },
  },
  {
    name: "ADM11: kubectl warns of a filter that is not known here, in a route of the Gateway API",
    run: async (world) => {
      const filter = {
        type: "RequestMirror",
        requestMirror: { backendRef: { name: "web", port: 80 } },
      };
      const spec = { parentRefs, rules: [{ filters: [filter] }] };
      const route = written({ kind: "HTTPRoute", api: `${GATEWAY}/v1` }, spec);
      contains(
        "what kubectl says beside",
        await world.warned(route),
        "Warning: spec.rules[0].filters: RequestMirror is not known here",
      );
    },
  },
];
