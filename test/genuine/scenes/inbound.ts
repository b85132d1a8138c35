/** Inbound: who may call which port and route, what is done to requests, and how many come through. */

import { expect } from "bun:test";
import type { Bed } from "../bed.ts";
import { EVERYBODY } from "../bed.ts";
import { type Caller, callFrom, rawCall } from "../caller.ts";
import { bytes, headers, ms, resource, tcp } from "../messages.ts";
import type { ServerInit } from "../plane.ts";
import type { Scene } from "../scene.ts";

const LABELS = { group: "policy.linkerd.io", kind: "server", name: "web" };
const MESHED: Caller = { name: "caller.ns.serviceaccount.identity.linkerd.cluster.local" };
const OTHER: Caller = { name: "other.elsewhere.serviceaccount.identity.linkerd.cluster.local" };
const PLAIN: Caller = {};
const net = (ip: string, prefixLen: number): object => ({
  ip: (tcp(ip, 1) as { readonly ip: object }).ip,
  prefixLen,
});
const anywhere = [{ net: net("0.0.0.0", 0) }, { net: net("::", 0) }];
const mesh = (clients: object): object => ({ permit: { case: "meshTLS", value: { clients } } });
const identities = (value: object): object => mesh({ case: "identities", value });
const authz = (authentication: object, networks: readonly object[] = anywhere): object => ({
  networks,
  authentication,
  metadata: resource("authorizationpolicy", "policy"),
});
const unauthenticated = { permit: { case: "unauthenticated", value: {} } };
const filter = (kind: string, value: object): object => ({ kind: { case: kind, value } });
const exact = (value: string): object => ({ path: { kind: { case: "exact", value } } });

/** Says a port; a script writes messages as they are, which types cannot follow. */
function sayPort(bed: Bed, port: number, kind: object, over: object = {}): void {
  const server = { protocol: { kind }, authorizations: EVERYBODY, labels: LABELS, ...over };
  bed.plane.sayPort(port, server as ServerInit);
}

/** Waits until a call is answered so: a policy that is said is obeyed a moment later. */
async function becomes(
  bed: Bed,
  port: number,
  status: number,
  how: { caller?: Caller; path?: string } = {},
): Promise<void> {
  let last = 0;
  await bed.until(async () => {
    last = (await callFrom(bed, how.caller ?? PLAIN, { port, path: how.path ?? "/" })).status;
    return last === status;
  }, `port ${port} never answers ${status}`);
  expect(last).toBe(status);
}

const WHO: Scene = {
  name: "P46, J3: who may call is obeyed as it changes: networks, any TLS, identities, suffixes",
  run: async (bed) => {
    const port = 9001;
    bed.app(port);
    const detect = { case: "detect", value: { timeout: ms(10_000) } };
    const say = (...authorizations: readonly object[]): void =>
      sayPort(bed, port, detect, { authorizations });
    const ask = async (caller: Caller): Promise<number> =>
      (await callFrom(bed, caller, { port })).status;
    await becomes(bed, port, 200);
    say(authz(identities({ identities: [{ name: MESHED.name }], suffixes: [] })));
    await becomes(bed, port, 403);
    expect([await ask(MESHED), await ask(OTHER)]).toEqual([200, 403]);
    const parts = "elsewhere.serviceaccount.identity.linkerd.cluster.local".split(".");
    say(authz(identities({ identities: [], suffixes: [{ parts }] })));
    await becomes(bed, port, 200, { caller: OTHER });
    expect([await ask(MESHED), await ask(PLAIN)]).toEqual([403, 403]);
    say(authz(mesh({ case: "unauthenticated", value: {} })));
    await becomes(bed, port, 200, { caller: MESHED });
    expect(await ask(PLAIN)).toBe(403);
    const node = { net: net("10.77.0.0", 24), except: [net("10.77.0.1", 32)] };
    say(authz(unauthenticated, [node]));
    await becomes(bed, port, 403, { caller: MESHED });
    say({
      ...{ networks: [{ net: net("10.77.0.0", 24) }], authentication: unauthenticated },
      labels: { group: "policy.linkerd.io", kind: "serverauthorization", name: "old" },
    });
    await becomes(bed, port, 200);
  },
};

const ROUTES: Scene = {
  name: "P46, P21, P41: routes of HTTP with their own authorizations, filters, and a rate limit",
  run: async (bed) => {
    const [port, port2] = [9002, 9003];
    const app = bed.app(port);
    bed.app(port2);
    const modifier = { add: headers({ "x-add": "rule" }), set: headers({}), remove: ["x-gone"] };
    const host = { match: { case: "exact", value: "other.test" } };
    const route = (rules: readonly object[], over: object = {}): object => ({
      metadata: resource("HTTPRoute", "route"),
      rules,
      ...over,
    });
    const restricted = [authz(identities({ identities: [{ name: MESHED.name }], suffixes: [] }))];
    const failure = { status: 418, message: "as scripted" };
    const redirect = { path: { replace: { case: "full", value: "/new" } }, status: 302 };
    const routes = [
      route([{ matches: [exact("/meshed")] }], { authorizations: restricted }),
      route(
        [
          { matches: [exact("/open")], filters: [filter("requestHeaderModifier", modifier)] },
          { matches: [exact("/fail")], filters: [filter("failureInjector", failure)] },
          { matches: [exact("/old")], filters: [filter("redirect", redirect)] },
        ],
        { authorizations: EVERYBODY },
      ),
      route([{ matches: [exact("/host")] }], { hosts: [host], authorizations: EVERYBODY }),
    ];
    const limit = (requestsPerSecond: number): object => ({ requestsPerSecond });
    const localRateLimit = {
      metadata: resource("HTTPLocalRateLimitPolicy", "limit"),
      total: limit(1000),
      identity: limit(1000),
      overrides: [{ limit: limit(1), clients: { identities: [{ name: OTHER.name }] } }],
    };
    for (const [at, kind] of [
      [
        port,
        {
          case: "detect",
          value: { timeout: ms(10_000), httpRoutes: routes, httpLocalRateLimit: localRateLimit },
        },
      ],
      [port2, { case: "http1", value: { routes, localRateLimit } }],
    ] as const) {
      sayPort(bed, at, kind, { authorizations: [] });
      const ask = async (caller: Caller, path: string, fields = {}): Promise<number> =>
        (await callFrom(bed, caller, { port: at, path, headers: fields })).status;
      await becomes(bed, at, 404);
      await becomes(bed, at, 403, { path: "/meshed" });
      expect(await ask(MESHED, "/meshed")).toBe(200);
      expect(await ask(PLAIN, "/open", { "x-gone": "there" })).toBe(200);
      expect(await ask(PLAIN, "/fail")).toBe(500);
      expect(await ask(PLAIN, "/old")).toBe(302);
      expect(await ask(PLAIN, "/host")).toBe(404);
      expect(await ask(PLAIN, "/host", { host: "other.test" })).toBe(200);
      await becomes(bed, at, 429, { caller: OTHER, path: "/open" });
      expect(await ask(MESHED, "/open")).toBe(200);
    }
    const open = app.heard.find(({ path }) => path === "/open");
    expect(open?.headers).toMatchObject({ "x-add": "rule" });
    expect(open?.headers["x-gone"]).toBeUndefined();
  },
};

const PROTOCOLS: Scene = {
  name: "P9, P46, WIRE2: ports that are HTTP/2, gRPC, opaque or TLS",
  run: async (bed) => {
    const app = bed.app(9004);
    const route = (over: object): object => ({ metadata: resource("GRPCRoute", "route"), ...over });
    const localRateLimit = { total: { requestsPerSecond: 1000 } };
    const any = { metadata: resource("HTTPRoute", "any"), rules: [{}], authorizations: EVERYBODY };
    sayPort(bed, 9004, { case: "http2", value: { routes: [any], localRateLimit } });
    const grpc = { "content-type": "application/grpc", te: "trailers" };
    const call = (path: string, caller: Caller = PLAIN) =>
      callFrom(bed, caller, { port: 9004, path, headers: grpc, method: "POST" });
    expect((await call("/pkg.A/Do")).status).toBe(200);
    const failure = { code: 9, message: "as scripted" };
    const modifier = { add: headers({ "x-add": "grpc" }), set: headers({}), remove: [] };
    const header = { name: "x-v", value: { case: "exact", value: bytes("one") } };
    const routes = [
      route({
        authorizations: EVERYBODY,
        hosts: [{ match: { case: "suffix", value: { reverseLabels: ["test"] } } }],
        rules: [
          {
            matches: [{ rpc: { service: "pkg.A", method: "Do" } }],
            filters: [filter("requestHeaderModifier", modifier)],
          },
          { matches: [{ rpc: { service: "pkg.H", method: "" }, headers: [header] }] },
          {
            matches: [{ rpc: { service: "pkg.F", method: "" } }],
            filters: [filter("failureInjector", failure)],
          },
        ],
      }),
    ];
    sayPort(bed, 9004, { case: "grpc", value: { routes } }, { authorizations: [] });
    const statusOf = async (path: string): Promise<string | undefined> =>
      (await call(path)).headers["grpc-status"];
    await bed.until(async () => (await statusOf("/pkg.X/Do")) === "5", "no route is not told");
    expect(await statusOf("/pkg.A/Do")).toBe("0");
    expect(app.heard.at(-1)?.headers["x-add"]).toBe("grpc");
    expect(await statusOf("/pkg.F/Do")).toBe("13");
    expect(await statusOf("/pkg.H/Do")).toBe("5");
    for (const [port, kind] of [
      [9005, { case: "opaque", value: {} }],
      [9006, { case: "tls", value: {} }],
    ] as const) {
      bed.app(port);
      const { ip } = tcp("10.77.0.10", 1) as { readonly ip: object };
      sayPort(bed, port, kind, { serverIps: [ip] });
      await bed.until(
        async () => (await rawCall(bed, port)).includes("x-endpoint"),
        `port ${port} does not pass bytes through`,
      );
      sayPort(bed, port, kind, { authorizations: [] });
      await bed.until(
        async () => (await rawCall(bed, port)) === "",
        `port ${port} lets in whom nobody allows`,
      );
    }
  },
};

/** All. */
export const INBOUND: readonly Scene[] = [WHO, ROUTES, PROTOCOLS];
