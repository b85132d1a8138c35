import { expect, test } from "bun:test";
import {
  ANY_NETWORK,
  type AuthenticationRef,
  concerns,
  fromAuthorizationPolicy,
  fromServerAuthorization,
  type ServerAuthorization,
} from "./authorization.ts";

const aged = { name: "a", namespace: "shop", createdMs: 0 };
const ids = { names: ["x"], suffixes: [] };
const networks = [{ cidr: "10.0.0.0/8", except: [] }];
const mesh = { type: "mesh-tls", namespace: "shop", name: "m" } as const;
const net = { type: "network", namespace: "shop", name: "n" } as const;
const found = { meshTls: () => ids, networks: () => networks };
const lost = { meshTls: () => undefined, networks: () => undefined };
const empty = { meshTls: () => ({ names: [], suffixes: [] }), networks: () => [] };
const policy = (...required: AuthenticationRef[]) => ({ ...aged, target: undefined, required });

test("INB6: an AuthorizationPolicy demands everything that it refers to", () => {
  expect(fromAuthorizationPolicy(policy(), found)).toMatchObject({
    networks: ANY_NETWORK,
    authentication: { type: "unauthenticated" },
  });
  expect(fromAuthorizationPolicy(policy(net), found)).toMatchObject({
    networks,
    authentication: { type: "unauthenticated" },
  });
  expect(fromAuthorizationPolicy(policy(mesh, net), found)).toMatchObject({
    networks,
    authentication: { type: "identities", ...ids },
  });
  const account = { type: "identities", identities: { names: ["sa"], suffixes: [] } } as const;
  expect(fromAuthorizationPolicy(policy(account), lost)?.authentication).toMatchObject({
    names: ["sa"],
  });
});

test("INB6: an AuthorizationPolicy allows nobody where a reference leads nowhere, or two are of one family", () => {
  for (const from of [lost, empty]) {
    expect(fromAuthorizationPolicy(policy(mesh), from)).toBeUndefined();
    expect(fromAuthorizationPolicy(policy(net), from)).toBeUndefined();
  }
  const account = { type: "identities", identities: ids } as const;
  expect(fromAuthorizationPolicy(policy(mesh, account), found)).toBeUndefined();
  expect(fromAuthorizationPolicy(policy(net, net), found)).toBeUndefined();
  expect(
    fromAuthorizationPolicy({ ...aged, target: undefined, required: undefined }, found),
  ).toBeUndefined();
});

test("INB6: a ServerAuthorization names Servers, or selects them by labels", () => {
  const clients = { networks, authentication: { type: "tls" } } as const;
  const about = (server: Partial<ServerAuthorization["server"]>) =>
    concerns(
      { ...aged, server: { name: undefined, selector: undefined, ...server }, clients },
      { name: "web", labels: { tier: "front" } },
    );
  const front = [{ key: "tier", operator: "exists", values: [] }] as const;
  const back = [{ key: "tier", operator: "absent", values: [] }] as const;
  expect(about({ name: "web" })).toBe(true);
  expect(about({ name: "db" })).toBe(false);
  expect(about({ selector: front })).toBe(true);
  expect(about({ selector: [] })).toBe(true);
  expect(about({ name: "web", selector: back })).toBe(false);
  expect(about({})).toBe(false);
});

test("INB6: a ServerAuthorization without readable clients, networks or names allows nobody", () => {
  const server = { name: "web", selector: undefined };
  const nobody = { type: "identities", names: [], suffixes: [] } as const;
  for (const clients of [
    undefined,
    { networks: [], authentication: { type: "tls" } as const },
    { networks, authentication: nobody },
  ])
    expect(fromServerAuthorization({ ...aged, server, clients }, ["10.0.0.0/8"])).toBeUndefined();
});
