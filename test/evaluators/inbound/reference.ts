/**
 * Who may call a port, written from the tables of Linkerd's interface (INB2 to INB10, P24) and from what we say of odd
 * objects, and from no code of ours: the answer that the real path is held to.
 */

import type { Answer, Call, Networks, Ref, Selector, Spec, World, Written } from "./objects.ts";
import { bestRule, isKnown, routesOf } from "./route-reference.ts";

type Test = (call: Call) => boolean;
const ANYONE: Test = () => true;
const SUFFIX = "serviceaccount.identity.linkerd.cluster.local";
const CONFIG = "config.linkerd.io/";
const POLICIES = /^(?:(?:all|cluster)-(?:un)?authenticated|deny|audit)$/;

/** What becomes of a call. */
export function evaluate(world: World, call: Call): Answer {
  const here = world.objects.filter(({ namespace }) => namespace === world.namespace).sort(older);
  const server = here.find(
    ({ kind, spec }) => kind === "Server" && isAbout(spec, world, call.port),
  );
  const odd = server !== undefined && hasOther(server.spec, SERVER_FIELDS);
  const own = server === undefined ? [byDefault(world, call.port)] : testsOf(world, server, here);
  const tests = [LOCALHOST, ...(odd ? [] : own)];
  const routes = server === undefined ? [] : routesOf(server, here);
  if (!isHttp(world, server, call.port)) return said(tests, call);
  if (routes.length === 0) return said([...tests, isProbe(world)], call);
  const found = bestRule(routes, call);
  if (found === undefined) return "no route";
  const policies = here.filter(
    ({ kind, spec }) => kind === "AuthorizationPolicy" && aims(spec, found.route) && !odd,
  );
  const answer = said([...tests, ...policies.flatMap((each) => policyTest(world, each))], call);
  return answer === "denied" || isKnown(found.rule) ? answer : "refused";
}

function isHttp(world: World, server: Written | undefined, port: number): boolean {
  if (server === undefined) return !listed(world.podAnnotations[`${CONFIG}opaque-ports`], port);
  return !["opaque", "TLS", "gRPC"].includes(server.spec.proxyProtocol ?? "");
}

// INB9
function isProbe({ probes, cluster }: World): Test {
  return (call) =>
    call.method === "GET" &&
    from(call, cluster.probeNetworks) &&
    probes.some(({ port, path }) => port === call.port && path === call.path);
}

const said = (tests: readonly Test[], call: Call): Answer =>
  tests.some((test) => test(call)) ? "allowed" : "denied";
const LOCALHOST: Test = ({ ip }) => ip === "127.0.0.1";
const SERVER_FIELDS = "podSelector port proxyProtocol accessPolicy";
const older = (a: Written, b: Written): number =>
  a.created - b.created || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
const hasOther = (value: object, known: string): boolean =>
  Object.keys(value).some((key) => !known.split(" ").includes(key));
const listed = (ports: string | undefined, port: number): boolean =>
  (ports ?? "").split(",").includes(`${port}`);

// INB2
function isAbout({ podSelector, port }: Spec, { labels, ports }: World, at: number): boolean {
  const named = ports.some((each) => each.name === port && each.port === at);
  return (port === at || named) && fits(podSelector, labels);
}

function fits(selector: Selector | undefined, labels: Readonly<Record<string, string>>): boolean {
  const { matchLabels = {}, matchExpressions = [] } = selector ?? {};
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const is = labels[key];
      if (operator === "Exists") return is !== undefined;
      if (operator === "DoesNotExist") return is === undefined;
      return (is !== undefined && values.includes(is)) === (operator === "In");
    })
  );
}

// INB3
function byDefault(world: World, port: number): Test {
  const key = `${CONFIG}default-inbound-policy`;
  const marked = world.podAnnotations[key] ?? world.namespaceAnnotations[key] ?? "";
  const name = POLICIES.test(marked) ? marked : world.cluster.defaultPolicy;
  const strict = listed(
    world.podAnnotations[`${CONFIG}proxy-require-identity-inbound-ports`],
    port,
  );
  if (!strict || name === "deny" || name === "audit") return byName(name, world);
  return byName(name.startsWith("cluster") ? "cluster-authenticated" : "all-authenticated", world);
}

function byName(name: string, { cluster }: World): Test {
  if (name === "deny") return () => false;
  const where: Test = name.startsWith("cluster") ? (call) => from(call, cluster.networks) : ANYONE;
  return (call) =>
    where(call) && (!name.endsWith("-authenticated") || typeof call.tls !== "string");
}

// INB4, INB6
function testsOf(world: World, server: Written, here: readonly Written[]): Test[] {
  const policies = here.filter(
    ({ kind, spec }) =>
      kind === "AuthorizationPolicy" &&
      (aims(spec, server) || aimsAt(spec, "Namespace", server.namespace)),
  );
  const older = here.filter(({ kind, spec }) => {
    const { name, selector } = spec.server ?? {};
    if (kind !== "ServerAuthorization" || (name ?? selector) === undefined) return false;
    const named = name === undefined || name === server.name;
    return named && (selector === undefined || fits(selector, server.labels));
  });
  return [
    byName(server.spec.accessPolicy ?? "deny", world),
    ...older.flatMap((each) => clientTest(world, each)),
    ...policies.flatMap((each) => policyTest(world, each)),
  ];
}

const aimsAt = ({ targetRef }: Spec, kind: string, name: string): boolean =>
  targetRef?.kind === kind && targetRef.name === name;
const aims = (spec: Spec, { group, kind, name }: Written): boolean =>
  aimsAt(spec, kind, name) && spec.targetRef?.group === group;

function clientTest({ cluster }: World, { namespace, spec }: Written): Test[] {
  const { client = {} } = spec;
  if (hasOther(spec, "server client") || hasOther(client, "networks unauthenticated meshTLS"))
    return [];
  const { networks } = client;
  const where: Test =
    networks === undefined ? (call) => from(call, cluster.networks) : inNetworks(networks);
  const { unauthenticatedTLS, identities = [], serviceAccounts = [] } = client.meshTLS ?? {};
  if (client.unauthenticated === true) return [where];
  if (unauthenticatedTLS === true) return [(call) => where(call) && call.tls !== "none"];
  const who = isOneOf([
    ...identities,
    ...serviceAccounts.map((each) => accountOf(each, namespace)),
  ]);
  return [(call) => where(call) && who(call)];
}

function policyTest(world: World, { namespace, spec }: Written): Test[] {
  const { requiredAuthenticationRefs: refs = [] } = spec;
  const networks = refs.filter(({ kind }) => kind === "NetworkAuthentication");
  if (hasOther(spec, "targetRef requiredAuthenticationRefs")) return [];
  if (networks.length > 1 || refs.length - networks.length > 1) return [];
  const tests = refs.map((ref): Test => {
    if (ref.kind === "ServiceAccount") return isOneOf([accountOf(ref, namespace)]);
    const at = ref.namespace ?? namespace;
    const found = world.objects.find(
      (each) => each.kind === ref.kind && each.name === ref.name && each.namespace === at,
    );
    if (found === undefined || hasOther(found.spec, "identities identityRefs networks"))
      return () => false;
    if (ref.kind === "NetworkAuthentication") return inNetworks(found.spec.networks ?? []);
    const { identities = [], identityRefs = [] } = found.spec;
    const more = identityRefs.map((each) =>
      each.kind === "Namespace" ? `*.${each.name}.${SUFFIX}` : accountOf(each, at),
    );
    return isOneOf([...identities, ...more]);
  });
  return [(call) => tests.every((test) => test(call))];
}

const accountOf = (ref: Omit<Ref, "kind">, namespace: string): string =>
  `${ref.name}.${ref.namespace ?? namespace}.${SUFFIX}`;
const isOneOf =
  (names: readonly string[]): Test =>
  ({ tls }) =>
    typeof tls !== "string" &&
    names.some((name) =>
      name.startsWith("*") ? tls.identity.endsWith(name.slice(1)) : name === tls.identity,
    );
const inNetworks =
  (networks: Networks): Test =>
  (call) =>
    networks.some(({ cidr, except = [] }) => from(call, [cidr]) && !from(call, except));

/** IPv4 by arithmetic; of IPv6 there are whole networks alone. */
function from({ ip }: Call, networks: readonly string[]): boolean {
  const number = (text: string): number =>
    text.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  return networks.some((cidr) => {
    if (ip.includes(":") || cidr.includes(":")) return ip.includes(":") && cidr === "::/0";
    const [net = "", length = "32"] = cidr.split("/");
    const size = 2 ** (32 - Number(length));
    return Math.floor(number(ip) / size) === Math.floor(number(net) / size);
  });
}
