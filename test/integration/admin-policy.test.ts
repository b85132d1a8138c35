import { afterAll, beforeAll, expect, test } from "bun:test";
import { type RequestOptions, request } from "node:http";
import type { TcpStream } from "#lib/net/tcp-stream.ts";
import { connectTls, TlsCredentials } from "#lib/net/tls.ts";
import { systemClock } from "#lib/sys/system-clock.ts";
import { fromSocketAddr } from "../../proxy/control/convert.ts";
import { FakeMesh, type FakePod, until } from "../fake/mesh.ts";

const NAME = "web.test.serviceaccount.identity.linkerd.cluster.local";
const PEER = "prometheus.test.serviceaccount.identity.linkerd.cluster.local";
/** Loopback itself is always let in. */
const [SELF, ELSEWHERE, PROBES] = ["127.0.0.1", "127.0.0.2", "127.0.0.3"];

const mesh = new FakeMesh();
let pod: FakePod;

beforeAll(async () => {
  pod = await mesh.start(NAME);
  mesh.control.openPorts.clear();
});
afterAll(() => mesh.stop());

/** The status of a plain request that comes from an address. */
const ask = (from: string, path: string, over: RequestOptions = {}): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const to = { host: "127.0.0.1", port: pod.proxy.adminPort, path, agent: false };
    request({ ...to, localAddress: from, ...over }, (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode));
    })
      .on("error", reject)
      .end();
  });

/** What a TLS connection answers to a request, under its own certificate; empty where it is refused. */
function askOverTls(serverName: string): Promise<string> {
  const { authority } = mesh;
  const credentials = new TlsCredentials({
    ...authority.issue(PEER),
    anchorsPem: authority.anchorsPem,
  });
  const local = { ip: ELSEWHERE, port: 0 };
  const { adminPort: port } = pod.proxy;
  const to = { ip: "127.0.0.1", port, local, timeoutMs: 5000, clock: systemClock };
  const onFault = (error: Error): void => {
    throw error;
  };
  return new Promise((resolve) => {
    const read = (stream: TcpStream): void => {
      let seen = "";
      stream.handler = {
        onData: (chunk) => {
          seen += Buffer.from(chunk).toString();
        },
        onEnd: () => stream.end(),
        onDrain: () => undefined,
        onClose: () => resolve(seen),
      };
      stream.write(Buffer.from("GET /metrics HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"));
    };
    connectTls(
      { ...to, onFault, credentials, serverName, alpn: [] },
      { onConnected: ({ stream }) => read(stream), onFailed: () => resolve("") },
    );
  });
}

/** Sets the policy of all ports, and waits until it holds. */
async function allow(who: "all" | "authenticated" | "none", over: object = {}): Promise<void> {
  mesh.control.server = over;
  mesh.control.announcePorts(who);
  const expected = who === "all" ? 200 : 403;
  await until(
    async () => (await ask(ELSEWHERE, "/metrics")) === expected,
    () => `it is not ${expected}`,
  );
}

test("P48, ADMIN9, K1, K5: the admin port lets in whom its policy lets in, plain and with mTLS", async () => {
  await allow("all");
  expect(await askOverTls(NAME)).toStartWith("HTTP/1.1 200");
  await allow("authenticated");
  expect(await askOverTls(NAME)).toStartWith("HTTP/1.1 200");
  expect(await ask(SELF, "/metrics")).toBe(200);
  await allow("none");
  expect(await askOverTls(NAME)).toStartWith("HTTP/1.1 403");
  expect(await ask(SELF, "/metrics")).toBe(200);
  const denied = await mesh.metric(pod, "inbound_http_authz_deny_total", `client_id="${PEER}"`);
  expect(denied).toBeGreaterThan(0);
});

test("P48: probes are let in by their own route, from where they come", async () => {
  const exact = (value: string) => ({
    matches: [{ path: { kind: { case: "exact" as const, value } } }],
  });
  const { ip } = fromSocketAddr({ ip: PROBES, port: 0 });
  const networks = [{ net: { ip, prefixLen: 32 } }];
  const authentication = { permit: { case: "unauthenticated" as const, value: {} } };
  const named = (value: string) => ({ kind: { case: "default" as const, value } });
  const probe = {
    metadata: named("probe"),
    authorizations: [{ networks, authentication, metadata: named("probe") }],
    rules: ["/ready", "/live"].map(exact),
  };
  const httpRoutes = [probe, { metadata: named("default"), rules: [{}] }];
  const value = { timeout: { seconds: 10n, nanos: 0 }, httpRoutes };
  await allow("none", { protocol: { kind: { case: "detect", value } } });
  expect([await ask(PROBES, "/ready"), await ask(PROBES, "/live")]).toEqual([200, 200]);
  expect([await ask(ELSEWHERE, "/ready"), await ask(PROBES, "/metrics")]).toEqual([403, 403]);
});

test("ADMIN9: TLS for another name, and what is no HTTP, is closed", async () => {
  await allow("all");
  expect(await askOverTls("other.test")).toBe("");
  const refused = await mesh.metric(pod, "inbound_tcp_errors_total", 'error="unexpected"');
  expect(refused).toBeGreaterThan(0);
});

test("P48: an opaque port's policy does not make the admin port opaque", async () => {
  await allow("all");
  const labels = { group: "", kind: "default", name: "opaque-now" };
  mesh.control.server = { protocol: { kind: { case: "opaque", value: {} } }, labels };
  mesh.control.announcePorts("all");
  const allowed = (): Promise<number> =>
    mesh.metric(pod, "inbound_http_authz_allow_total", 'srv_name="opaque-now"');
  await until(
    async () => {
      expect(await ask(ELSEWHERE, "/live")).toBe(200);
      return (await allowed()) > 0;
    },
    () => "the policy does not come",
  );
});

test("ADMIN4, ADMIN6: what changes the proxy is for loopback", async () => {
  await allow("all");
  expect(await ask(SELF, "/proxy-log-level")).toBe(200);
  expect(await ask(SELF, "/shutdown", { method: "POST" })).toBe(404);
});
