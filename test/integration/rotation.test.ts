/** Trust anchors and issuer change under proxies that go on: nothing is lost, nobody starts again. */

import { afterEach, beforeEach, expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { createServer, type Server } from "node:http";
import {
  type AddressInfo,
  connect,
  createServer as createTcp,
  type Server as TcpServer,
} from "node:net";
import { readTrustBundle } from "#lib/identity/trust-bundle.ts";
import { connectTls, TlsCredentials } from "#lib/net/tls.ts";
import { systemClock as clock } from "#lib/sys/system-clock.ts";
import { encodeTransportHeader, TRANSPORT_ALPN } from "../../proxy/transport/header.ts";
import { FakeAuthority } from "../fake/authority.ts";
import { FakeMesh, type FakePod, until } from "../fake/mesh.ts";

const P = "LINKERD2_PROXY_";
const nameOf = (account: string): string =>
  `${account}.test.serviceaccount.identity.linkerd.cluster.local`;
const SERVER = nameOf("server");
const CLIENT = nameOf("client");
const IDENTITY = nameOf("identity");
const WEB_PATH = "web.test.svc.cluster.local:80";
const ECHO_PATH = "echo.test.svc.cluster.local:6379";

/** Calls after each change. */
const SEVERAL = 3;

let mesh: FakeMesh;
let a: FakeAuthority;
/** Anchors of one mesh usually have one name. */
const b = new FakeAuthority("root.mesh");
let bundles: { readonly a: string; readonly both: string; readonly b: string };
type Bundle = keyof typeof bundles;

let identity: FakePod;
let server: FakePod;
let web: FakePod;
let echo: FakePod;
let app: Server;
let tcp: TcpServer;
const portOf = (listening: Server | TcpServer): number => (listening.address() as AddressInfo).port;

/** Where identity is: behind its own proxy. 0.0.0.0 is this machine, and no loopback address: TLS is demanded. */
const behindProxy = (): Record<string, string> => ({
  [`${P}IDENTITY_SVC_ADDR`]: `0.0.0.0:${identity.proxy.inboundPort}`,
  [`${P}IDENTITY_SVC_NAME`]: IDENTITY,
});
/** Certificates are renewed all the time, as others are in a day. */
const HASTY = { [`${P}IDENTITY_MAX_REFRESH`]: "200ms" };

beforeEach(async () => {
  mesh = new FakeMesh(clock, () => 0.01);
  a = mesh.authority;
  bundles = { a: a.anchorsPem, both: a.anchorsPem + b.anchorsPem, b: b.anchorsPem };
  app = createServer((_, response) => response.end("hello")).listen(0, "127.0.0.1");
  tcp = createTcp({ allowHalfOpen: true }, (socket) => socket.pipe(socket)).listen(0, "127.0.0.1");
  await until(
    () => app.listening && tcp.listening,
    () => "applications do not listen",
  );
  announce("a");
  identity = await mesh.start(IDENTITY, { ...HASTY, [`${P}INBOUND_IPS`]: "127.0.0.1" });
  identity.target = { ip: "127.0.0.1", port: mesh.control.listener.port };
  server = await mesh.start(SERVER, { ...HASTY, ...behindProxy() });
  web = await mesh.start(CLIENT, { ...HASTY, ...behindProxy() });
  echo = await mesh.start(CLIENT, { ...HASTY, ...behindProxy() });
  web.target = { ip: "10.99.0.1", port: 80 };
  echo.target = { ip: "10.99.0.2", port: 6379 };
  mesh.control.services.set("10.99.0.1:80", { path: WEB_PATH, opaque: false });
  mesh.control.services.set("10.99.0.2:6379", { path: ECHO_PATH, opaque: true });
  const direct = { identity: SERVER, directPort: server.proxy.inboundPort };
  mesh.control.announce(WEB_PATH, [{ addr: `127.0.0.1:${portOf(app)}`, ...direct }]);
  mesh.control.announce(ECHO_PATH, [{ addr: `127.0.0.1:${portOf(tcp)}`, ...direct, opaque: true }]);
});

afterEach(async () => {
  await mesh.stop();
  app.close();
  tcp.close();
});

function announce(bundle: Bundle): void {
  mesh.control.announceTrust(
    readTrustBundle(bundles[bundle]).anchors.map(({ raw }) => Uint8Array.from(raw)),
  );
}

const pods = (): FakePod[] => [identity, server, web, echo];

const seenBy = async (all: readonly FakePod[], name: string, label: string): Promise<boolean> => {
  const values = await Promise.all(all.map((pod) => mesh.metric(pod, name, label)));
  return values.every((value) => value === 1);
};

/** Waits until all of them trust a bundle, and no other. */
async function trusted(bundle: Bundle, all: readonly FakePod[] = pods()): Promise<void> {
  const { generation } = readTrustBundle(bundles[bundle]);
  await until(
    () => seenBy(all, "control_identity_trust_bundle_info", `generation="${generation}"`),
    () => `not all trust ${bundle}: ${all.map(({ logs }) => logs.slice(-3).join("\n")).join("\n")}`,
  );
}

/** Waits until all have a certificate of an authority. */
async function certifiedBy(by: FakeAuthority, all: readonly FakePod[] = pods()): Promise<void> {
  const anchor = new X509Certificate(by.anchorsPem).fingerprint256.replaceAll(":", "");
  const label = `anchor="${anchor.toLowerCase().slice(0, 16)}"`;
  await until(
    () => seenBy(all, "control_identity_cert_anchor_info", label),
    () => "not all have a certificate of it",
  );
}

/** The whole way from one authority to the other. */
async function comeToB(): Promise<void> {
  announce("both");
  await trusted("both");
  mesh.control.issuer = b;
  await certifiedBy(b);
  announce("b");
  await trusted("b");
}

async function request(): Promise<string> {
  const url = `http://127.0.0.1:${web.proxy.outboundPort}/`;
  const response = await fetch(url, { keepalive: false, headers: { host: "web.test" } });
  return `${response.status} ${await response.text()}`;
}

/** One opaque connection, which is one connection between the proxies. */
function converse(): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    const socket = connect({ port: echo.proxy.outboundPort, host: "127.0.0.1" });
    socket.on("data", (chunk) => {
      text += chunk.toString();
      socket.end();
    });
    socket.on("close", () => resolve(text));
    socket.on("error", (error) => resolve(String(error)));
    socket.write("ping");
  });
}

/** Requests and connections without a pause until stopped; gives all answers there were, each once. */
function keepCalling(): {
  /** Some that begin and end from now on. */
  readonly several: () => Promise<void>;
  readonly stop: () => Promise<string[]>;
} {
  const answers = new Set<string>();
  const counts = [0, 0];
  let stopped = false;
  const loop = async (call: () => Promise<string>, which: number): Promise<void> => {
    while (!stopped) {
      answers.add(await call().catch(String));
      counts[which] = (counts[which] ?? 0) + 1;
    }
  };
  const loops = [request, converse].map(loop);
  return {
    several: async () => {
      const wanted = counts.map((count) => count + SEVERAL);
      await until(
        () => counts.every((count, which) => count > (wanted[which] ?? 0)),
        () => `${counts.join(" and ")} calls have ended`,
      );
    },
    stop: async () => {
      stopped = true;
      await Promise.all(loops);
      return [...answers].toSorted();
    },
  };
}

/** What the server's proxy does with a client that shows this certificate: the bytes it answers with. */
function answerTo(by: FakeAuthority): Promise<string> {
  const { keyPem, chainPem } = by.issue(CLIENT);
  return new Promise((resolve) => {
    let text = "";
    connectTls(
      {
        ...{ ip: "127.0.0.1", port: server.proxy.inboundPort, timeoutMs: 3000, clock },
        onFault: () => undefined,
        credentials: new TlsCredentials({ keyPem, chainPem, anchorsPem: bundles.both }),
        serverName: SERVER,
        alpn: [TRANSPORT_ALPN],
      },
      {
        onConnected: ({ stream }) => {
          stream.handler = {
            onData: (bytes) => {
              text += Buffer.from(bytes).toString();
              stream.end();
            },
            onEnd: () => stream.end(),
            onDrain: () => undefined,
            onClose: () => resolve(text),
          };
          stream.write(
            encodeTransportHeader({ port: portOf(tcp), name: "", sessionProtocol: undefined }),
          );
          stream.write(Buffer.from("ping"));
        },
        onFailed: ({ code }) => resolve(code),
      },
    );
  });
}

test("C27: anchors and issuer are replaced under load: no request is lost, none refused, the old anchor ends", async () => {
  await certifiedBy(a);
  expect([await answerTo(a), await answerTo(b)]).toEqual(["ping", ""]);
  const calls = keepCalling();
  announce("both");
  await trusted("both");
  await calls.several();
  mesh.control.issuer = b;
  await certifiedBy(b);
  expect([await answerTo(a), await answerTo(b)]).toEqual(["ping", "ping"]);
  await calls.several();
  announce("b");
  await trusted("b");
  await calls.several();
  expect(await calls.stop()).toEqual(["200 hello", "ping"]);
  expect([await answerTo(a), await answerTo(b)]).toEqual(["", "ping"]);
  const kept = 'peer="dst",direction="outbound"';
  expect(await mesh.metric(web, "tcp_open_total", kept)).toBe(1);
  expect(await mesh.metric(echo, "tcp_open_total", kept)).toBeGreaterThan(5);
});

test("C29: a bundle that is empty or garbage changes nothing, and the next good one is taken", async () => {
  await comeToB();
  const good = readTrustBundle(bundles.b).anchors.map(({ raw }) => Uint8Array.from(raw));
  const refused = 'result="refused"';
  for (const bad of [[], [Uint8Array.of(1)], [...good, Uint8Array.of(1)]]) {
    const before = await mesh.metric(
      server,
      "control_identity_trust_bundle_updates_total",
      refused,
    );
    mesh.control.announceTrust(bad);
    await until(
      async () =>
        (await mesh.metric(server, "control_identity_trust_bundle_updates_total", refused)) >
        before,
      () => "nothing was refused",
    );
    await trusted("b");
    expect([await answerTo(a), await answerTo(b)]).toEqual(["", "ping"]);
    expect([await request(), await converse()]).toEqual(["200 hello", "ping"]);
  }
  announce("both");
  await trusted("both");
  announce("b");
  await trusted("b");
});

test("a container that starts again in an old pod goes on with the anchors that it had come to", async () => {
  await comeToB();
  const old = { [`${P}IDENTITY_TRUST_ANCHORS`]: bundles.a, ...behindProxy() };
  const again = await mesh.start(SERVER, { ...old, [`${P}IDENTITY_DIR`]: mesh.dirOf(server) });
  await trusted("b", [again]);
  await certifiedBy(b, [again]);
});

test("a certificate that the newest anchors do not vouch for is renewed at once", async () => {
  announce("both");
  await trusted("both");
  const lasting = await mesh.start(nameOf("lasting"), behindProxy());
  await certifiedBy(a, [lasting]);
  mesh.control.issuer = b;
  await certifiedBy(b);
  await certifiedBy(a, [lasting]);
  announce("b");
  await certifiedBy(b, [lasting]);
});

test("where the stream is switched off, the anchors of the environment hold", async () => {
  const both = { [`${P}IDENTITY_TRUST_ANCHORS`]: bundles.both, ...behindProxy() };
  await comeToB();
  const before = mesh.control.trusting;
  const off = await mesh.start(nameOf("off"), { ...both, BUNKERD_PROXY_TRUST_WATCH: "false" });
  await trusted("both", [off]);
  expect(mesh.control.trusting).toBe(before);
});
