import { expect, test } from "bun:test";
import { HeaderList } from "#lib/http/headers.ts";
import { LOCALHOST_AUTHORIZATION } from "./default-policy.ts";
import { prepareInbound } from "./inbound-routes.ts";
import { findRoute } from "./route-match.ts";

const head = (path: string) => ({
  ...{ method: "GET", path, authority: "web", protocol: "", headers: new HeaderList() },
});
const match = (value: string) => ({
  ...{ type: "http" as const, method: undefined, headers: [], queryParams: [] },
  path: { type: "exact" as const, value },
});
const rule = (value: string) => ({ matches: [match(value)], filters: [], fault: undefined });

test("rules are numbered through all routes, each with its route's authorizations before the server's", () => {
  const own = { ...LOCALHOST_AUTHORIZATION, labels: { group: "g", kind: "k", name: "own" } };
  const labels = { group: "", kind: "HTTPRoute", name: "a" };
  const table = prepareInbound(
    [
      { labels, hosts: [], authorizations: [own], rules: [rule("/a"), rule("/b")] },
      { labels: { ...labels, name: "b" }, hosts: [], authorizations: [], rules: [rule("/c")] },
    ],
    [LOCALHOST_AUTHORIZATION],
  );
  const found = ["/a", "/b", "/c", "/d"].map((path) => findRoute(table, head(path))?.target);
  expect(found.map((each) => each?.index)).toEqual([0, 1, 2, undefined]);
  expect(found[1]?.authorizations).toEqual([own, LOCALHOST_AUTHORIZATION]);
  expect(found[2]?.authorizations).toEqual([LOCALHOST_AUTHORIZATION]);
});

test("without routes there is one that takes everything, as the server allows it", () => {
  expect(prepareInbound([], [LOCALHOST_AUTHORIZATION]).always?.target).toEqual({
    ...{ index: 0, labels: { group: "", kind: "default", name: "default" } },
    ...{ authorizations: [LOCALHOST_AUTHORIZATION], filters: [], fault: undefined },
  });
});
