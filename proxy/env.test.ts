import { expect, test } from "bun:test";
import { processVariables, readConfig } from "./env.ts";

const P = "LINKERD2_PROXY_";
const minimal = {
  [`${P}DESTINATION_SVC_ADDR`]: "linkerd-dst-headless.linkerd.svc.cluster.local.:8086",
  [`${P}DESTINATION_SVC_NAME`]:
    "linkerd-destination.linkerd.serviceaccount.identity.linkerd.cluster.local",
  [`${P}POLICY_SVC_ADDR`]: "localhost.:8090",
  [`${P}POLICY_WORKLOAD`]: '{"ns":"a","pod":"b"}\n',
  [`${P}IDENTITY_SVC_ADDR`]: "127.0.0.1:8080",
  [`${P}IDENTITY_DIR`]: "/var/run/linkerd/identity/end-entity",
  [`${P}IDENTITY_TRUST_ANCHORS`]: "PEM",
  [`${P}IDENTITY_TOKEN_FILE`]: "/token",
  [`${P}IDENTITY_LOCAL_NAME`]: "web.a.serviceaccount.identity.linkerd.cluster.local",
};

const errorsWith = (over: Record<string, string | undefined>) => {
  const result = readConfig({ ...minimal, ...over });
  return result.type === "errors" ? result.errors : [];
};

test("readConfig() has linkerd2-proxy's defaults", () => {
  const result = readConfig(minimal);
  if (result.type !== "config") throw new Error(result.errors.join());
  const { config } = result;
  expect(config.outbound).toMatchObject({
    listen: [{ ip: "127.0.0.1", port: 4140 }],
    detectTimeoutMs: 10_000,
    connectTimeoutMs: 1000,
    backoff: { minMs: 100, maxMs: 60_000, jitter: 0.1 },
    discoveryIdleMs: 5000,
    http1IdleMs: 3000,
  });
  expect(config.inbound).toMatchObject({
    connectTimeoutMs: 300,
    discoveryIdleMs: 90_000,
    defaultPolicy: "all-unauthenticated",
  });
  expect(config.destination).toMatchObject({
    host: "linkerd-dst-headless.linkerd.svc.cluster.local",
    port: 8086,
  });
  expect(config.policy).toMatchObject({ host: "localhost", port: 8090, name: undefined });
  expect(config.captureProof).toBe(false);
  expect(config.identity.trustWatch).toBe(true);
  const off = readConfig({ ...minimal, BUNKERD_PROXY_TRUST_WATCH: "false" });
  expect(off.type === "config" && off.config.identity.trustWatch).toBe(false);
});

test("readConfig() reads what keeps connections alive, each end apart", () => {
  const result = readConfig({
    ...minimal,
    [`${P}INBOUND_ACCEPT_KEEPALIVE`]: "10000ms",
    [`${P}INBOUND_ACCEPT_USER_TIMEOUT`]: "30s",
    [`${P}OUTBOUND_CONNECT_KEEPALIVE`]: "11s",
    [`${P}OUTBOUND_CONNECT_USER_TIMEOUT`]: "31s",
    [`${P}OUTBOUND_SERVER_HTTP2_KEEP_ALIVE_INTERVAL`]: "20s",
    [`${P}OUTBOUND_SERVER_HTTP2_KEEP_ALIVE_TIMEOUT`]: "5s",
    [`${P}INBOUND_SERVER_HTTP2_KEEP_ALIVE_TIMEOUT`]: "5s",
  });
  if (result.type !== "config") throw new Error(result.errors.join());
  expect(result.config.inbound).toMatchObject({
    acceptKeepaliveMs: 10_000,
    acceptUserTimeoutMs: 30_000,
    connectKeepaliveMs: undefined,
    connectUserTimeoutMs: undefined,
    serverKeepAlive: { pendingMs: 10_000, idleMs: 10_000, timeoutMs: 3000 },
  });
  expect(result.config.outbound).toMatchObject({
    acceptKeepaliveMs: undefined,
    acceptUserTimeoutMs: undefined,
    connectKeepaliveMs: 11_000,
    connectUserTimeoutMs: 31_000,
    serverKeepAlive: { pendingMs: 20_000, idleMs: 20_000, timeoutMs: 5000 },
  });
});

test("readConfig() names every error at once", () => {
  const result = readConfig({});
  expect(result.type === "errors" && result.errors.length).toBe(8);
});

test.each([
  [{ NODE_TLS_REJECT_UNAUTHORIZED: "0" }, "NODE_TLS_REJECT_UNAUTHORIZED"],
  [{ [`${P}IDENTITY_DISABLED`]: "1" }, "identity is mandatory"],
  [{ [`${P}IDENTITY_SPIRE_SOCKET`]: "unix:///x" }, "SPIRE is not supported"],
  [{ [`${P}OUTBOUND_LISTEN_ADDRS`]: "127.0.0.1:1,127.0.0.1:2,127.0.0.1:3" }, "1 or 2 addresses"],
  [{ [`${P}DESTINATION_SVC_NAME`]: undefined }, "DESTINATION_SVC_NAME is not set"],
  [{ [`${P}DESTINATION_SVC_ADDR`]: "web" }, "must be host:port"],
  [{ [`${P}OUTBOUND_CONNECT_EXP_BACKOFF_MIN`]: "1s" }, "must both be set"],
  [
    { [`${P}INBOUND_DEFAULT_POLICY`]: "cluster-authenticated" },
    "needs LINKERD2_PROXY_POLICY_CLUSTER_NETWORKS",
  ],
  [{ [`${P}INBOUND_DEFAULT_POLICY`]: "open" }, "must be one of"],
])("readConfig() refuses %p", (over, message) => {
  expect(errorsWith(over as Record<string, string | undefined>).join()).toContain(message);
});

test("readConfig() takes back-off bounds when both are set", () => {
  const over = {
    [`${P}INBOUND_CONNECT_EXP_BACKOFF_MIN`]: "1s",
    [`${P}INBOUND_CONNECT_EXP_BACKOFF_MAX`]: "2s",
  };
  const result = readConfig({ ...minimal, ...over });
  expect(result.type === "config" && result.config.inbound.backoff).toEqual({
    minMs: 1000,
    maxMs: 2000,
    jitter: 0,
  });
  expect(processVariables()["PATH"]).toBeDefined();
});
