import { expect, test } from "bun:test";
import { SERVER_KEEP_ALIVE } from "#lib/http-io/patience.ts";
import { proxyVariables } from "../../test/fake/proxy-variables.ts";
import type { ProxyConfig } from "./config.ts";
import { readConfig } from "./read.ts";

/** What is read with these variables. */
function read(over: Readonly<Record<string, string | undefined>>): {
  readonly config: ProxyConfig;
  readonly warnings: readonly string[];
} {
  const result = readConfig(proxyVariables(over));
  if (result.type === "errors") throw new Error(result.errors.join("; "));
  return result;
}

function errors(over: Readonly<Record<string, string | undefined>>): readonly string[] {
  const result = readConfig(proxyVariables(over));
  return result.type === "errors" ? result.errors : [];
}

type Row = {
  readonly id: string;
  /** Where the value is found. */
  readonly of: (config: ProxyConfig) => unknown;
  /** What holds where it is not set. */
  readonly unset: unknown;
  readonly set: string;
  readonly value: unknown;
  /** Other variables that have to be set as well. */
  readonly beside?: Readonly<Record<string, string>>;
  /** What is refused, by name. */
  readonly bad?: string;
};

type Direction = "INBOUND" | "OUTBOUND";
const sideOf = (direction: Direction) => (config: ProxyConfig) =>
  direction === "INBOUND" ? config.inbound : config.outbound;

const HTTP2_SIZES = { stream: "INITIAL_STREAM_WINDOW_SIZE", all: "INITIAL_CONNECTION_WINDOW_SIZE" };

function ofDirection(direction: Direction): Row[] {
  const inbound = direction === "INBOUND";
  const side = sideOf(direction);
  const named = (name: string): string => `${direction}_${name}`;
  const server = named("SERVER_HTTP2_");
  const keepAlive = {
    interval: `${server}KEEP_ALIVE_INTERVAL`,
    timeout: `${server}KEEP_ALIVE_TIMEOUT`,
  };
  const kept = { pendingMs: 20_000, idleMs: 20_000, timeoutMs: 4000 };
  const [streams, all] = [server + HTTP2_SIZES.stream, server + HTTP2_SIZES.all];
  const windows = (config: ProxyConfig): unknown => {
    const { streamWindowBytes, connectionWindowBytes } = side(config).serverHttp2;
    return streamWindowBytes === undefined ? undefined : [streamWindowBytes, connectionWindowBytes];
  };
  const backoff = (config: ProxyConfig): unknown => side(config).backoff;
  const [min, max] = [named("CONNECT_EXP_BACKOFF_MIN"), named("CONNECT_EXP_BACKOFF_MAX")];
  const byDefault = { minMs: 100, maxMs: inbound ? 10_000 : 60_000, jitter: 0.1 };
  const durations: [string, (config: ProxyConfig) => unknown, number | undefined][] = [
    ["DETECT_TIMEOUT", (config) => side(config).detectTimeoutMs, 10_000],
    ["CONNECT_TIMEOUT", (config) => side(config).connectTimeoutMs, inbound ? 300 : 1000],
    ["ACCEPT_KEEPALIVE", (config) => side(config).acceptKeepaliveMs, undefined],
    ["CONNECT_KEEPALIVE", (config) => side(config).connectKeepaliveMs, undefined],
    ["ACCEPT_USER_TIMEOUT", (config) => side(config).acceptUserTimeoutMs, undefined],
    ["CONNECT_USER_TIMEOUT", (config) => side(config).connectUserTimeoutMs, undefined],
    ["DISCOVERY_IDLE_TIMEOUT", (config) => side(config).discoveryIdleMs, inbound ? 90_000 : 5000],
    ["HTTP1_CONNECTION_POOL_IDLE_TIMEOUT", (config) => side(config).http1IdleMs, 3000],
  ];
  const grants: [string, (config: ProxyConfig) => unknown, string][] = [
    ["MAX_CONCURRENT_STREAMS", (config) => side(config).serverHttp2.maxConcurrentStreams, "0"],
    ["MAX_HEADER_LIST_SIZE", (config) => side(config).serverHttp2.maxHeaderListBytes, "-1"],
    ["MAX_FRAME_SIZE", (config) => side(config).serverHttp2.maxFrameBytes, "16383"],
    ["MAX_PENDING_ACCEPT_RESET_STREAMS", (config) => side(config).serverHttp2.maxResets, "many"],
  ];
  return [
    ...durations.map(([name, of, unset]) => ({
      ...{ id: named(name), of, unset, set: " 7m ", value: 420_000, bad: "1.5s" },
    })),
    ...grants.map(([name, of, bad]) => ({
      ...{ id: server + name, of, unset: undefined, set: "20000", value: 20_000, bad },
    })),
    {
      ...{ id: min, of: backoff, unset: byDefault, set: "1s", beside: { [max]: "2s" } },
      value: { minMs: 1000, maxMs: 2000, jitter: 0 },
      bad: "3s",
    },
    {
      ...{ id: max, of: backoff, unset: byDefault, set: "2s", beside: { [min]: "1s" } },
      value: { minMs: 1000, maxMs: 2000, jitter: 0 },
      bad: "500ms",
    },
    {
      ...{ id: named("CONNECT_EXP_BACKOFF_JITTER"), of: backoff, unset: byDefault, set: "0.5" },
      beside: { [min]: "1s", [max]: "2s" },
      value: { minMs: 1000, maxMs: 2000, jitter: 0.5 },
      bad: "half",
    },
    {
      ...{ id: named("TCP_LISTEN_BACKLOG"), of: (config) => side(config).backlog },
      ...{ unset: undefined, set: "128", value: 128, bad: "0" },
    },
    {
      ...{ id: keepAlive.interval, of: (config) => side(config).serverHttp2.keepAlive },
      ...{
        unset: SERVER_KEEP_ALIVE,
        set: "20s",
        beside: { [keepAlive.timeout]: "4s" },
        value: kept,
      },
      bad: "20",
    },
    {
      ...{ id: keepAlive.timeout, of: (config) => side(config).serverHttp2.keepAlive },
      ...{
        unset: SERVER_KEEP_ALIVE,
        set: "4s",
        beside: { [keepAlive.interval]: "20s" },
        value: kept,
      },
      bad: "soon",
    },
    {
      id: streams,
      of: windows,
      unset: undefined,
      set: "70000",
      beside: { [all]: "90000" },
      value: [70_000, 90_000],
    },
    {
      ...{ id: all, of: windows, unset: undefined, set: "90000", beside: { [streams]: "70000" } },
      value: [70_000, 90_000],
      bad: "2147483648",
    },
  ];
}

const windowsOf = ({ outbound }: ProxyConfig): unknown => outbound.clientHttp2;
const networks = { POLICY_CLUSTER_NETWORKS: "10.0.0.0/8" };

const ROWS: readonly Row[] = [
  ...ofDirection("INBOUND"),
  ...ofDirection("OUTBOUND"),
  {
    ...{ id: "OUTBOUND_LISTEN_ADDR", of: ({ outbound }) => outbound.listen },
    unset: [{ ip: "127.0.0.1", port: 4140 }],
    ...{ set: "127.0.0.1:5140", value: [{ ip: "127.0.0.1", port: 5140 }], bad: "4140" },
  },
  {
    ...{ id: "OUTBOUND_LISTEN_ADDRS", of: ({ outbound }) => outbound.listen },
    unset: [{ ip: "127.0.0.1", port: 4140 }],
    set: "127.0.0.1:1,[::1]:1",
    value: [
      { ip: "127.0.0.1", port: 1 },
      { ip: "::1", port: 1 },
    ],
    beside: { OUTBOUND_LISTEN_ADDR: "127.0.0.1:9" },
    bad: "127.0.0.1:1,127.0.0.1:2,127.0.0.1:3",
  },
  {
    ...{ id: "INBOUND_LISTEN_ADDR", of: ({ inbound }) => inbound.listen },
    unset: [{ ip: "0.0.0.0", port: 4143 }],
    ...{ set: "[::]:5143", value: [{ ip: "::", port: 5143 }], bad: "all:4143" },
  },
  {
    ...{ id: "ADMIN_LISTEN_ADDR", of: ({ adminListen }) => adminListen },
    unset: { ip: "127.0.0.1", port: 4191 },
    ...{ set: "0.0.0.0:4191", value: { ip: "0.0.0.0", port: 4191 }, bad: "localhost:4191" },
  },
  {
    ...{ id: "CONTROL_LISTEN_ADDR", of: ({ tap }) => tap?.listen, unset: undefined },
    ...{ set: "[::]:5190", value: { ip: "::", port: 5190 }, bad: "localhost:4190" },
    beside: { TAP_SVC_NAME: "tap.linkerd" },
  },
  {
    ...{ id: "TAP_SVC_NAME", of: ({ tap }) => tap, unset: undefined, set: "tap.linkerd" },
    value: { listen: { ip: "0.0.0.0", port: 4190 }, clientName: "tap.linkerd" },
  },
  {
    ...{ id: "TRACE_COLLECTOR_SVC_ADDR", of: ({ trace }) => trace?.collector, unset: undefined },
    ...{ set: "localhost.:4317", value: { host: "localhost", port: 4317, name: undefined } },
    bad: "collector",
  },
  {
    ...{ id: "TRACE_COLLECTOR_SVC_NAME", of: ({ trace }) => trace?.collector.name },
    ...{ unset: undefined, set: "otel.linkerd", value: "otel.linkerd" },
    beside: { TRACE_COLLECTOR_SVC_ADDR: "otel.test:4317" },
  },
  {
    ...{ id: "INBOUND_IPS", of: ({ inbound }) => inbound.ips, unset: new Set() },
    ...{ set: "10.0.0.1,fd00::1", value: new Set(["10.0.0.1", "fd00::1"]), bad: "" },
  },
  {
    ...{ id: "INBOUND_PORTS", of: ({ inbound }) => inbound.ports, unset: [] },
    ...{ set: "80, 8000-8002,,", value: [80, 8000, 8001, 8002], bad: "web" },
  },
  {
    id: "INBOUND_PORTS_DISABLE_PROTOCOL_DETECTION",
    ...{ of: ({ inbound }) => inbound.opaquePorts, unset: new Set() },
    ...{ set: "25,3306", value: new Set([25, 3306]), bad: "70000" },
  },
  {
    ...{ id: "INBOUND_DEFAULT_POLICY", of: ({ inbound }) => inbound.defaultPolicy },
    ...{ unset: "all-unauthenticated", set: "deny", value: "deny", bad: "open" },
  },
  {
    ...{ id: "POLICY_CLUSTER_NETWORKS", of: ({ clusterNetworks }) => clusterNetworks, unset: [] },
    ...{ set: "10.0.0.0/8,,fd00::/8", value: ["10.0.0.0/8", "fd00::/8"], bad: "10.0.0.0/33" },
  },
  {
    id: "DESTINATION_PROFILE_NETWORKS",
    of: ({ profileNetworks }) => profileNetworks.map(({ text }) => text),
    ...{ unset: [], set: "10.0.0.0/8", value: ["10.0.0.0/8"], bad: "all" },
  },
  {
    ...{ id: "DESTINATION_CONTEXT", of: ({ destination }) => destination.context },
    ...{ unset: "", set: '{"ns":"a"}\n', value: '{"ns":"a"}\n' },
  },
  {
    ...{ id: "CONTROL_STREAM_INITIAL_TIMEOUT", of: ({ streams }) => streams.initialMs },
    ...{ unset: undefined, set: "3s", value: 3000, beside: { CONTROL_STREAM_IDLE_TIMEOUT: "5m" } },
    bad: "6m",
  },
  {
    ...{ id: "CONTROL_STREAM_IDLE_TIMEOUT", of: ({ streams }) => streams.idleMs },
    ...{ unset: undefined, set: "5m", value: 300_000, beside: { CONTROL_STREAM_LIFETIME: "1h" } },
    bad: "2h",
  },
  {
    ...{ id: "CONTROL_STREAM_LIFETIME", of: ({ streams }) => streams.lifetimeMs },
    ...{ unset: undefined, set: "1h", value: 3_600_000 },
    ...{ beside: { CONTROL_STREAM_INITIAL_TIMEOUT: "3s" }, bad: "2s" },
  },
  {
    ...{ id: "IDENTITY_MIN_REFRESH", of: ({ identity }) => identity.minRefreshMs },
    ...{ unset: 10_000, set: "1m", value: 60_000, bad: "1" },
  },
  {
    ...{ id: "IDENTITY_MAX_REFRESH", of: ({ identity }) => identity.maxRefreshMs },
    ...{ unset: 86_400_000, set: "2d", value: 172_800_000, bad: "2w" },
  },
  {
    id: "MAX_IDLE_CONNS_PER_ENDPOINT",
    of: ({ inbound, outbound }) => [inbound.maxIdlePerEndpoint, outbound.maxIdlePerEndpoint],
    ...{ unset: [10_000, 10_000], set: "5", value: [5, 10_000], bad: "few" },
  },
  {
    id: "OUTBOUND_MAX_IDLE_CONNS_PER_ENDPOINT",
    of: ({ inbound, outbound }) => [inbound.maxIdlePerEndpoint, outbound.maxIdlePerEndpoint],
    ...{ unset: [10_000, 10_000], set: "5", value: [10_000, 5], bad: "1.5" },
  },
  {
    ...{ id: "HTTP2_INITIAL_STREAM_WINDOW_SIZE", of: windowsOf, unset: {}, set: "70000" },
    beside: { HTTP2_INITIAL_CONNECTION_WINDOW_SIZE: "90000" },
    value: { streamWindowBytes: 70_000, connectionWindowBytes: 90_000 },
    bad: "0",
  },
  {
    ...{ id: "HTTP2_INITIAL_CONNECTION_WINDOW_SIZE", of: windowsOf, unset: {}, set: "90000" },
    beside: { HTTP2_INITIAL_STREAM_WINDOW_SIZE: "70000" },
    value: { streamWindowBytes: 70_000, connectionWindowBytes: 90_000 },
    bad: "4294967296",
  },
  {
    id: "OUTBOUND_DISABLE_INFORMATIONAL_HEADERS",
    ...{ of: ({ informationalHeaders }) => informationalHeaders, unset: true },
    ...{ set: "true", value: false, bad: "yes" },
  },
  {
    ...{ id: "INGRESS_MODE", of: (config) => [config.ingressMode, config.informationalHeaders] },
    ...{ unset: [false, true], set: "true", value: [true, false], bad: "1" },
  },
  {
    ...{ id: "DESTINATION_PROFILE_SUFFIXES", of: ({ profileSuffixes }) => profileSuffixes },
    ...{ unset: ["svc.cluster.local"], set: "svc.Test.,,.", value: ["svc.test", ""] },
    bad: "svc..test",
  },
  {
    id: "OUTBOUND_METRICS_HOSTNAME_LABELS",
    ...{ of: ({ outbound }) => outbound.hostnameLabels, unset: false },
    ...{ set: "true", value: true, bad: "unsafe" },
  },
  ...(["INBOUND_HTTP", "OUTBOUND_HTTP", "OUTBOUND_TCP"] as const).flatMap((queue) => {
    const of = ({ inbound, outbound }: ProxyConfig) =>
      ({
        INBOUND_HTTP: inbound.httpQueue,
        OUTBOUND_HTTP: outbound.httpQueue,
        OUTBOUND_TCP: outbound.tcpQueue,
      })[queue];
    return [
      {
        ...{ id: `${queue}_QUEUE_CAPACITY`, of: (config: ProxyConfig) => of(config).queueCapacity },
        ...{ unset: 10_000, set: "5", value: 5, bad: "0" },
      },
      {
        ...{ id: `${queue}_FAILFAST_TIMEOUT`, of: (config: ProxyConfig) => of(config).failfastMs },
        ...{ unset: queue === "INBOUND_HTTP" ? 1000 : 3000, set: "7s", value: 7000, bad: "7" },
      },
    ];
  }),
  {
    ...{ id: "INBOUND_GATEWAY_SUFFIXES", of: ({ inbound }) => inbound.gatewaySuffixes, unset: [] },
    ...{ set: "svc.cluster.local.", value: ["svc.cluster.local"], bad: "a b" },
  },
  {
    id: "DESTINATION_PROFILE_INITIAL_TIMEOUT",
    ...{ of: ({ profileInitialMs }) => profileInitialMs, unset: 500 },
    ...{ set: "1s", value: 1000, bad: "soon" },
  },
  {
    id: "INBOUND_METRICS_AUTHORITY_LABELS",
    ...{ of: ({ inbound }) => inbound.authorityLabels, unset: false },
    ...{ set: "unsafe", value: true, bad: "true" },
  },
  {
    ...{ id: "METRICS_RETAIN_IDLE", of: ({ metricsRetainIdleMs }) => metricsRetainIdleMs },
    ...{ unset: 600_000, set: "1m", value: 60_000, bad: "a while" },
  },
  {
    ...{ id: "SHUTDOWN_ENDPOINT_ENABLED", of: ({ shutdownEndpoint }) => shutdownEndpoint },
    ...{ unset: false, set: "true", value: true, bad: "TRUE" },
  },
  {
    ...{ id: "SHUTDOWN_GRACE_PERIOD", of: ({ shutdownGraceMs }) => shutdownGraceMs },
    ...{ unset: 120_000, set: "0", value: 0, bad: "-1s" },
  },
  {
    ...{ id: "LOG", of: ({ log }) => log.filter, unset: "warn,linkerd=info,hickory=error" },
    ...{ set: "debug", value: "debug" },
  },
  {
    ...{ id: "LOG_FORMAT", of: ({ log }) => log.format, unset: "plain" },
    ...{ set: "json", value: "json" },
  },
];

test.each(ROWS.map((row) => [row.id, row] as const))(
  "%s: its default, what it takes, what it refuses",
  (id, row) => {
    const { of, beside = {} } = row;
    expect(of(read({ [id]: undefined }).config)).toEqual(row.unset);
    expect(of(read({ ...beside, [id]: row.set }).config)).toEqual(row.value);
    if (row.bad !== undefined)
      expect(errors({ ...beside, [id]: row.bad }).join()).toContain(`LINKERD2_PROXY_${id}`);
  },
);

test.each([
  ["DESTINATION_SVC_ADDR", "DESTINATION_SVC_NAME", "destination"],
  ["POLICY_SVC_ADDR", "POLICY_SVC_NAME", "policy"],
  ["IDENTITY_SVC_ADDR", "IDENTITY_SVC_NAME", "identity"],
] as const)(
  "%s, %s: a service must be named, and have an identity unless it is in this pod: %s",
  (addr, name, service) => {
    const of = (over: Record<string, string | undefined>): unknown => {
      const { config } = read(over);
      const { host, port, name: id } = config[service];
      return { host, port, id };
    };
    const away = { [addr]: "service.linkerd.svc.cluster.local.:1234", [name]: "its.name" };
    expect(of(away)).toEqual({
      host: "service.linkerd.svc.cluster.local",
      port: 1234,
      id: "its.name",
    });
    expect(of({ [addr]: "localhost.:1234", [name]: "its.name" })).toEqual({
      ...{ host: "localhost", port: 1234, id: undefined },
    });
    for (const [over, which, why] of [
      [{ ...away, [addr]: undefined }, addr, "is not set"],
      [{ ...away, [addr]: "service" }, addr, "must be host:port"],
      [{ ...away, [name]: undefined }, name, "is not set"],
    ] as const)
      expect(errors(over)).toEqual([expect.stringContaining(`LINKERD2_PROXY_${which} ${why}`)]);
  },
);

test.each(["POLICY_WORKLOAD", "IDENTITY_DIR", "IDENTITY_TRUST_ANCHORS", "IDENTITY_TOKEN_FILE"])(
  "%s: it must be set",
  (id) => {
    const found = ({ policy, identity }: ProxyConfig): readonly string[] => [
      ...[policy.workload, identity.dir, identity.trustAnchorsPem, identity.tokenFile],
    ];
    expect(found(read({ [id]: "the value" }).config)).toContain("the value");
    for (const nothing of [undefined, ""])
      expect(errors({ [id]: nothing })).toEqual([`LINKERD2_PROXY_${id} is not set`]);
  },
);

test("IDENTITY_LOCAL_NAME, IDENTITY_SERVER_ID, IDENTITY_SERVER_NAME: one name, given once or twice alike", () => {
  const [LOCAL, ID, SNI] = [
    "IDENTITY_LOCAL_NAME",
    "IDENTITY_SERVER_ID",
    "IDENTITY_SERVER_NAME",
  ] as const;
  const of = (over: Record<string, string | undefined>): string =>
    read(over).config.identity.localName;
  expect(of({ [LOCAL]: "a.test", [ID]: "b.test" })).toBe("a.test");
  expect(of({ [LOCAL]: undefined, [ID]: "b.test", [SNI]: "b.test" })).toBe("b.test");
  expect(errors({ [LOCAL]: undefined })).toEqual([`LINKERD2_PROXY_${LOCAL} is not set`]);
  for (const over of [{ [ID]: "b.test" }, { [SNI]: "b.test" }, { [ID]: "b.test", [SNI]: "c.test" }])
    expect(errors({ [LOCAL]: undefined, ...over }).join()).toContain("to the same name");
});

test.each([
  ["IDENTITY_DISABLED", "identity is mandatory"],
  ["IDENTITY_SPIRE_WORKLOAD_API_ADDRESS", "SPIRE is not supported"],
  ["IDENTITY_SPIRE_SOCKET", "SPIRE is not supported"],
])("%s: it must not be set", (id, why) => {
  expect(errors({ [id]: "unix:///x" })).toEqual([
    expect.stringContaining(`LINKERD2_PROXY_${id} must not be set`),
  ]);
  expect(errors({ [id]: "1" }).join()).toContain(why);
  expect(errors({ [id]: "" })).toEqual([]);
});

test("INBOUND_DEFAULT_POLICY: what speaks of the cluster needs its networks, and being unset is warned of", () => {
  for (const policy of ["cluster-authenticated", "cluster-unauthenticated", "audit"]) {
    expect(read({ ...networks, INBOUND_DEFAULT_POLICY: policy }).config.inbound.defaultPolicy).toBe(
      policy as "audit",
    );
    expect(errors({ INBOUND_DEFAULT_POLICY: policy }).join()).toContain("POLICY_CLUSTER_NETWORKS");
  }
  expect(read({}).warnings.join()).toContain("INBOUND_DEFAULT_POLICY is not set");
  expect(read({ INBOUND_DEFAULT_POLICY: "deny" }).warnings).toEqual([]);
});

test("TRACE_SERVICE_NAME, TRACE_ATTRIBUTES_PATH, TRACE_EXTRA_ATTRIBUTES, OTEL_RESOURCE_ATTRIBUTES, HOSTNAME: what spans say of the proxy", () => {
  const given = proxyVariables({
    TRACE_COLLECTOR_SVC_ADDR: "localhost:4317",
    TRACE_SERVICE_NAME: "web",
    TRACE_ATTRIBUTES_PATH: "/labels",
    TRACE_EXTRA_ATTRIBUTES: "a=1",
  });
  const result = readConfig({ ...given, OTEL_RESOURCE_ATTRIBUTES: "b=2", HOSTNAME: "web-1" });
  expect(result.type === "config" && result.config.trace).toMatchObject({
    ...{ serviceName: "web", attributesPath: "/labels", hostname: "web-1" },
    attributes: ["a=1", "b=2"],
  });
  expect(errors({ TRACE_COLLECTOR_SVC_ADDR: "otel.test:4317" })).toEqual([
    expect.stringContaining("LINKERD2_PROXY_TRACE_COLLECTOR_SVC_NAME is not set"),
  ]);
});

test("INBOUND_PORTS_REQUIRE_IDENTITY, INBOUND_PORTS_REQUIRE_TLS, TRACE_PROTOCOL, TRACE_ANNOTATIONS_PATH: they are not read", () => {
  const over = {
    INBOUND_PORTS_REQUIRE_IDENTITY: "?",
    INBOUND_PORTS_REQUIRE_TLS: "?",
    TRACE_PROTOCOL: "?",
    TRACE_ANNOTATIONS_PATH: "?",
  };
  expect(read(over)).toEqual(read({}));
});
