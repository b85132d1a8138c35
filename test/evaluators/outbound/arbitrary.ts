/** Routes and requests by chance, of few names, so that they meet. */

import type { Chance } from "../chance.ts";
import type { CallMatch, Match, Named, Request, Route, Rule, World } from "./objects.ts";

const HOSTS = ["web.shop", "Web.shop.", "*.shop", "*.Shop.", "*.b.shop", "a.b.shop", "shop"];
const PATHS = ["/", "/a", "/a/", "/a/b", "/a/b/c", "/ab", "/a//b", "/A"];
const PATTERNS = ["/a/.*", "/[ab]+", "/a", ".*", "/(a|ab)(/b)?"];
const METHODS = ["GET", "POST", "PURGE"];
const NAMES = ["x-a", "X-B", "host"];
const VALUES = ["1", "2", "web.shop"];
const PARAMETERS = ["p", "q r"];
const SERVICES = ["pkg.A", "pkg.B", ""];
const CALLS = ["M", "N", ""];

/** Routes of one kind. */
export function arbitraryWorld(chance: Chance): World {
  return chance.is(0.7)
    ? { type: "http", routes: chance.times(4, (at) => route(chance, at, match)) }
    : { type: "grpc", routes: chance.times(4, (at) => route(chance, at, callMatch)) };
}

function route<M>(chance: Chance, at: number, make: (chance: Chance) => M): Route<M> {
  return {
    hosts: chance.is(0.5) ? [] : chance.times(3, () => chance.one(HOSTS)),
    rules: chance.times(
      4,
      (index): Rule<M> => ({
        name: `${at}/${index}`,
        matches: chance.is(0.1) ? [] : [make(chance), ...chance.times(2, () => make(chance))],
      }),
    ),
  };
}

function match(chance: Chance): Match {
  return {
    ...chance.maybe(0.8, () => ({
      path: chance.is(0.2)
        ? { type: "regex" as const, value: chance.one(PATTERNS) }
        : { type: chance.one(["exact", "prefix"] as const), value: chance.one(PATHS) },
    })),
    ...chance.maybe(0.3, () => ({ method: chance.one(METHODS) })),
    headers: few(chance, NAMES),
    queryParams: few(chance, PARAMETERS),
  };
}

function callMatch(chance: Chance): CallMatch {
  return {
    service: chance.one(SERVICES),
    method: chance.one(CALLS),
    headers: few(chance, NAMES),
  };
}

function few(chance: Chance, names: readonly string[]): Named[] {
  if (chance.is(0.6)) return [];
  return chance.times(2, () => ({
    name: chance.one(names),
    ...(chance.is(0.3)
      ? { type: "regex" as const, value: chance.one(["[0-9]", "1|2", ".*", "web"]) }
      : { type: "exact" as const, value: chance.one(VALUES) }),
  }));
}

const QUERIES = ["", "", "?p=1", "?p=2&p=1", "?q+r=1&p=2", "?q%20r=%31", "?p", "?"];
const ASKED = [...PATHS, "/a/b/", "/a/b/c/d", "/b", "//a", "/./a", "/a%2fb", "*", ""];
const PROCEDURES = ["/pkg.A/M", "/pkg.A/N", "/pkg.B/M", "/pkg.C/O", "/pkg.A", "/pkg.A/M/x", "/a"];
const AUTHORITIES = [
  "web.shop",
  "WEB.shop:80",
  "web.shop.",
  "web.shop.:8080",
  "a.b.shop",
  "x.a.b.shop.",
  "shop",
  "[::1]:80",
  "",
];

/** A request. */
export function arbitraryRequest(chance: Chance, { type }: World): Request {
  return {
    method: chance.is(type === "grpc" ? 0.9 : 0.2) ? "POST" : chance.one(METHODS),
    authority: chance.one(AUTHORITIES),
    path: `${chance.one(type === "grpc" ? PROCEDURES : ASKED)}${chance.one(QUERIES)}`,
    headers: chance.times(3, () => [chance.one(["x-a", "x-b"]), chance.one([...VALUES, "\xe9"])]),
  };
}
