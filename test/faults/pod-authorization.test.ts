/** Who may call a pod, seen from outside of it: the image in a network of its own, under a control plane that says only what it is told to. */

import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { Bed, EVERYBODY } from "../genuine/bed.ts";
import { type Caller, callFrom, rawCall } from "../genuine/caller.ts";
import type { Endpoint } from "../genuine/endpoint.ts";
import { first, forwardTo, http1, ms, resource, tcp } from "../genuine/messages.ts";
import { NODE_IP } from "../genuine/place.ts";
import type { ServerInit } from "../genuine/plane.ts";

const NEEDS = ["ip", "nft", "setpriv", "curl", "openssl", "unshare", "chroot", "tar"];
const HERE = process.getuid?.() === 0 && NEEDS.every((program) => Bun.which(program) !== null);
const why = HERE ? "" : ` (needs root, ${NEEDS.join(", ")})`;
const LIMIT_MS = 60_000;
const PORT = 9001;
const MESHED: Caller = { name: "caller.ns.serviceaccount.identity.linkerd.cluster.local" };
const OTHER: Caller = { name: "other.ns.serviceaccount.identity.linkerd.cluster.local" };
/** Another address of the node than that of its kubelet. */
const ELSEWHERE = "10.77.0.9";
const LABELS = { group: "policy.linkerd.io", kind: "server", name: "web" };

let bed: Bed;
let app: Endpoint;

beforeAll(async () => {
  if (!HERE) return;
  bed = await Bed.make();
  await bed.redirect();
  bed.place.addAddress(ELSEWHERE);
  app = bed.app(PORT);
}, LIMIT_MS);
beforeEach(async () => {
  if (bed?.proxy === undefined || bed.proxy.exitCode !== null) await bed?.startProxy();
  app.heard.length = 0;
}, LIMIT_MS);
afterAll(() => bed?.stop());

const run = (name: string, work: () => Promise<void>): void =>
  test.skipIf(!HERE)(`${name}${why}`, work, LIMIT_MS);
/** The status of an answer; 0 where the connection is closed. */
const ask = (caller: Caller = {}, path = "/", headers = {}): Promise<number> =>
  callFrom(bed, caller, { port: PORT, path, headers }).then(
    ({ status }) => status,
    () => 0,
  );
const net = (ip: string, prefixLen: number): object => ({
  net: { ip: (tcp(ip, 1) as { readonly ip: object }).ip, prefixLen },
});
const anywhere = [net("0.0.0.0", 0), net("::", 0)];
const identity = ({ name }: Caller): object => ({
  networks: anywhere,
  authentication: {
    permit: {
      case: "meshTLS",
      value: { clients: { case: "identities", value: { identities: [{ name }] } } },
    },
  },
  metadata: resource("authorizationpolicy", "policy"),
});
const fromNetwork = (...networks: readonly object[]): object => ({
  networks,
  authentication: { permit: { case: "unauthenticated", value: {} } },
  metadata: resource("authorizationpolicy", "networks"),
});
const detect = (value: object = {}): object => ({
  case: "detect",
  value: { timeout: ms(10_000), ...value },
});
const exact = (value: string): object => ({ path: { kind: { case: "exact", value } } });

/** Says who may call the port, and waits until `holds`. */
async function say(over: object, holds: () => Promise<boolean>): Promise<void> {
  const server = { protocol: { kind: detect() }, labels: LABELS, authorizations: [], ...over };
  bed.plane.sayPort(PORT, server as ServerInit);
  await bed.until(holds, "what is said of the port does not hold");
}

run(
  "J1: while nothing was heard of a port the default of the environment holds, and deny stays closed",
  async () => {
    await bed.endProxy();
    bed.plane.silentPorts = true;
    try {
      await bed.startProxy({ INBOUND_DEFAULT_POLICY: "deny" });
      expect([await ask(), await ask(MESHED)]).toEqual([403, 403]);
      await bed.endProxy();
      await bed.startProxy({ INBOUND_DEFAULT_POLICY: "all-authenticated" });
      expect([await ask(), await ask(MESHED)]).toEqual([403, 200]);
    } finally {
      bed.plane.silentPorts = false;
      await bed.endProxy();
    }
  },
);

run(
  "J1, J2: a controller that is gone widens nothing, for what was heard and for what was not",
  async () => {
    await say(
      { authorizations: [identity(MESHED)] },
      async () => (await ask()) === 403 && (await ask(MESHED)) === 200,
    );
    bed.plane.endStreams();
    expect([await ask(), await ask(OTHER), await ask(MESHED)]).toEqual([403, 403, 200]);
  },
);

run("J6: an identity that a caller claims by header is none", async () => {
  await say(
    { authorizations: [identity(MESHED)] },
    async () => (await ask()) === 403 && (await ask(MESHED)) === 200,
  );
  const claim = { "l5d-client-id": MESHED.name ?? "" };
  expect([await ask({}, "/", claim), await ask(OTHER, "/", claim)]).toEqual([403, 403]);
  await say({ authorizations: EVERYBODY }, async () => (await ask()) === 200);
  await ask({}, "/claimed", claim);
  const heard = app.heard.find(({ path }) => path === "/claimed");
  expect(heard?.headers["l5d-client-id"]).toBeUndefined();
});

run(
  "J7: what is no HTTP meets the server's own authorizations, whatever routes allow",
  async () => {
    const routes = [
      { metadata: resource("HTTPRoute", "all"), rules: [{}], authorizations: EVERYBODY },
    ];
    const kind = detect({ httpRoutes: routes });
    await say({ protocol: { kind } }, async () => (await ask()) === 200);
    const before = app.connections;
    // Fourteen bytes and more that begin no request.
    expect(await rawCall(bed, PORT, "\u0001\u0002 this is no HTTP at all\n")).toBe("");
    expect(app.connections).toBe(before);
    await say(
      { protocol: { kind: { case: "opaque", value: {} } } },
      async () => (await rawCall(bed, PORT)) === "",
    );
  },
);

run(
  "J8: a probe's route is open for its exact path and for the kubelet's address alone",
  async () => {
    const probe = {
      metadata: { kind: { case: "default", value: "probe" } },
      rules: [{ matches: [exact("/ready")] }],
      authorizations: [fromNetwork(net(NODE_IP, 32))],
    };
    const rest = {
      metadata: resource("HTTPRoute", "rest"),
      rules: [{}],
      authorizations: [identity(MESHED)],
    };
    await say(
      { protocol: { kind: detect({ httpRoutes: [probe, rest] }) } },
      async () => (await ask()) === 403 && (await ask({}, "/ready")) === 200,
    );
    expect(await ask({}, "/ready")).toBe(200);
    for (const path of ["/ready/", "/ready/x", "/READY", "//ready", "/ready%2f", "/x/../ready"])
      expect([path, await ask({}, path)]).toEqual([path, 403]);
    expect(await ask({ from: ELSEWHERE }, "/ready")).toBe(403);
  },
);

run("J4: every value of a field that is sent more than once counts", async () => {
  const header = { name: "x-role", value: { case: "exact", value: Buffer.from("admin") } };
  const rule = (matches: readonly object[]): object => ({
    metadata: resource("HTTPRoute", "r"),
    rules: [{ matches }],
  });
  const admins = { ...rule([{ headers: [header] }]), authorizations: [identity(MESHED)] };
  const others = { ...rule([]), authorizations: EVERYBODY };
  const sent = (...roles: readonly string[]): string =>
    `GET / HTTP/1.1\r\nhost: web.test\r\n${roles.map((role) => `x-role: ${role}\r\n`).join("")}\r\n`;
  const statusOf = async (...roles: readonly string[]): Promise<string> =>
    (await rawCall(bed, PORT, sent(...roles))).slice(9, 12);
  await say(
    { protocol: { kind: detect({ httpRoutes: [admins, others] }) } },
    async () => (await statusOf("user")) === "200" && (await statusOf("admin")) === "403",
  );
  // What one of the values falls under is closed, in whatever order they come.
  expect(await statusOf("user")).toBe("200");
  expect([await statusOf("admin", "user"), await statusOf("user", "admin")]).toEqual([
    "403",
    "403",
  ]);
});

run("J5: however a path is written, what is forwarded is what policy has seen", async () => {
  const open = {
    metadata: resource("HTTPRoute", "open"),
    rules: [{ matches: [{ path: { kind: { case: "prefix", value: "/open" } } }] }],
    authorizations: EVERYBODY,
  };
  const rest = {
    metadata: resource("HTTPRoute", "rest"),
    rules: [{}],
    authorizations: [identity(MESHED)],
  };
  await say(
    { protocol: { kind: detect({ httpRoutes: [open, rest] }) } },
    async () => (await ask()) === 403 && (await ask({}, "/open")) === 200,
  );
  app.heard.length = 0;
  const paths = [
    ...["/open", "/open/", "/open/x", "/open?x", "/open//x", "/open/./x", "/open/%2e%2e/x"],
    ...["//open", "/./open", "/x/../open", "/%6fpen", "/OPEN", "/opened", "/open;x", "/open%2fx"],
    ...[
      "/\\open",
      "\\open",
      "/open\\..\\x",
      "/open#x",
      "open",
      "http:///open",
      "/ open",
      "/open\u0001",
    ],
  ];
  const statuses = new Map<string, string>();
  for (const path of paths) {
    const answer = await rawCall(bed, PORT, `GET ${path} HTTP/1.1\r\nhost: web.test\r\n\r\n`);
    statuses.set(path, answer.slice(9, 12));
  }
  const heard = app.heard.map(({ path }) => path);
  expect(heard).toEqual(paths.filter((path) => statuses.get(path) === "200"));
  expect(heard.filter((path) => !/^\/open([/?]|$)/.test(path))).toEqual([]);
  expect(heard.length).toBe(7);
  expect(statuses.get("//open")).toBe("403");
  expect(statuses.get("/open#x")).toBe("400");
});

run("J9: a permission of a kind that is not known permits nobody", async () => {
  await say({ authorizations: EVERYBODY }, async () => (await ask()) === 200);
  const unknown = { ...fromNetwork(...anywhere), authentication: {} };
  await say({ authorizations: [unknown] }, async () => (await ask()) === 403);
  expect(await ask(MESHED)).toBe(403);
  await say({ authorizations: EVERYBODY }, async () => (await ask()) === 200);
  await say({ protocol: {}, authorizations: EVERYBODY }, async () => (await ask(MESHED)) === 403);
});

run("J10: an audit lets everybody in, says whom it let in, and is no default", async () => {
  const audit = {
    ...fromNetwork(...anywhere),
    metadata: { kind: { case: "default", value: "audit" } },
  };
  await say({ authorizations: [identity(MESHED), audit] }, async () => (await ask()) === 200);
  await bed.until(() => /audit/i.test(bed.log), "nobody says whom an audit let in");
  expect(await ask({}, "/seen")).toBe(200);
});

run("J11: who floods gets 429, and others what they ask for", async () => {
  const limit = {
    metadata: resource("HTTPLocalRateLimitPolicy", "limit"),
    identity: { requestsPerSecond: 10 },
  };
  const kind = detect({ httpLocalRateLimit: limit });
  await say(
    { protocol: { kind }, authorizations: EVERYBODY },
    async () => (await ask(OTHER)) === 429,
  );
  const flood = Array.from({ length: 50 }, () => ask(OTHER));
  const calm = Array.from({ length: 5 }, () => ask(MESHED));
  expect(await Promise.all(calm)).toEqual([200, 200, 200, 200, 200]);
  const statuses = await Promise.all(flood);
  expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(30);
});

run(
  "J12: outbound policy goes by where a connection really goes, whatever host is named",
  async () => {
    const [denied, allowed, endpoint] = ["10.77.1.201", "10.77.1.202", "10.77.2.201"];
    bed.endpoint(endpoint);
    const forbid = {
      kind: { case: "failureInjector", value: { status: 403, message: "traffic not allowed" } },
    };
    const backends = first({ backend: forwardTo(endpoint) });
    bed.plane.sayOutbound(`${denied}:80`, http1({ filters: [forbid], backends }));
    bed.plane.sayOutbound(`${allowed}:80`, http1({ backends }));
    for (const name of ["denied.test", "allowed.test", allowed]) {
      expect((await bed.ask(denied, { name })).status).toBe(403);
      expect((await bed.ask(allowed, { name })).status).toBe(200);
    }
  },
);
