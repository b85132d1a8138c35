/** Which requests a rule takes: by path, method, headers and queries (S10). */

import { fields, httpRoute, path, to } from "../objects.ts";
import type { Scenario } from "../scenario.ts";
import type { Row } from "../world.ts";

/** Requests with a header, and who answers. */
const by = (header: string, is: Row["is"], at = "/"): Row => ({ path: at, headers: [header], is });

/** A route of rules, each for one backend, and what comes of requests; a table of its own. */
type Case = Pick<Scenario, "name" | "quick"> & {
  readonly rules: readonly object[];
  readonly rows: readonly Row[];
};

const CASES: readonly Case[] = [
  {
    name: "S10, P24, P25: an exact path is the whole path, in this case",
    quick: true,
    rules: [{ matches: [path("=/abc")], backendRefs: [to("web-v1")] }],
    rows: [
      { path: "/abc", is: "web-v1" },
      { path: "/abc?query", is: "web-v1" },
      { path: "/abc/", is: 404 },
      { path: "/Abc", is: 404 },
      { path: "/abcd", is: 404 },
    ],
  },
  {
    name: "S10, P24: a prefix is of whole segments, and a slash at its end says nothing",
    rules: [
      { matches: [path("/abc")], backendRefs: [to("web-v1")] },
      { matches: [path("/def/")], backendRefs: [to("web-v2")] },
    ],
    rows: [
      { path: "/abc", is: "web-v1" },
      { path: "/abc/", is: "web-v1" },
      { path: "/abc/def", is: "web-v1" },
      { path: "/abcd", is: 404 },
      { path: "/def", is: "web-v2" },
      { path: "/def/ghi", is: "web-v2" },
      { path: "/defg", is: 404 },
    ],
  },
  {
    name: "S10, P24: a pattern is about the whole path",
    rules: [{ matches: [path("~/(a|b)[0-9]+")], backendRefs: [to("web-v1")] }],
    rows: [
      { path: "/a12", is: "web-v1" },
      { path: "/b3", is: "web-v1" },
      { path: "/a", is: 404 },
      { path: "/x/a1", is: 404 },
      { path: "/a1/x", is: 404 },
    ],
  },
  {
    name: "S10, P24: methods are told apart; they are in upper case",
    rules: [
      { matches: [{ method: "POST" }], backendRefs: [to("web-v1")] },
      { matches: [{ method: "DELETE" }], backendRefs: [to("web-v2")] },
    ],
    rows: [
      { method: "POST", is: "web-v1" },
      { method: "DELETE", is: "web-v2" },
      { method: "GET", is: 404 },
      { method: "post", is: 501 },
    ],
  },
  {
    name: "S10, P24: a header's name is in any case, its value in its own, and all of a match must be there",
    rules: [
      { matches: [fields("headers", { Version: "one" })], backendRefs: [to("web-v1")] },
      {
        matches: [fields("headers", { version: "two", color: "red" })],
        backendRefs: [to("web-v2")],
      },
    ],
    rows: [
      by("version: one", "web-v1"),
      by("VERSION: one", "web-v1"),
      by("version: One", 404),
      by("version: two", 404),
      { headers: ["version: two", "Color: red"], is: "web-v2" },
      by("version: ones", 404),
    ],
  },
  {
    name: "S10, P24: a header that comes twice is looked at once and again",
    rules: [{ matches: [fields("headers", { version: "two" })], backendRefs: [to("web-v1")] }],
    rows: [
      by("version: two", "web-v1"),
      { headers: ["version: two", "version: one"], is: "web-v1" },
    ],
  },
  {
    name: "S10, P24: a header's value goes by a pattern",
    rules: [
      {
        matches: [fields("headers", { version: "~v[12](\\.[0-9]+)?" })],
        backendRefs: [to("web-v1")],
      },
    ],
    rows: [
      by("version: v1", "web-v1"),
      by("version: v2.13", "web-v1"),
      by("version: v3", 404),
      by("version: v1.", 404),
    ],
  },
  {
    name: "S10, P24: queries are told apart by name and value",
    quick: true,
    rules: [
      { matches: [fields("queryParams", { animal: "whale" })], backendRefs: [to("web-v1")] },
      { matches: [fields("queryParams", { animal: "dolphin" })], backendRefs: [to("web-v2")] },
      {
        matches: [fields("queryParams", { animal: "dolphin", color: "blue" })],
        backendRefs: [to("web-v3")],
      },
    ],
    rows: [
      { path: "/?animal=whale", is: "web-v1" },
      { path: "/?animal=dolphin", is: "web-v2" },
      { path: "/?color=blue&animal=dolphin", is: "web-v3" },
      { path: "/?animal=whale&otherparam=irrelevant", is: "web-v1" },
      { path: "/?animal=dog", is: 404 },
      { path: "/?animal=whaledolphin", is: 404 },
      { path: "/?color=blue", is: 404 },
      { path: "/?Animal=whale", is: 404 },
      { path: "/", is: 404 },
    ],
  },
  {
    name: "S10, P24: queries are compared as they were meant: repeated ones by the first, encoded ones decoded",
    rules: [
      { matches: [fields("queryParams", { animal: "blue whale" })], backendRefs: [to("web-v1")] },
    ],
    rows: [
      { path: "/?animal=blue%20whale", is: "web-v1" },
      { path: "/?animal=blue+whale", is: "web-v1" },
      { path: "/?animal=blue%20whale&animal=dog", is: "web-v1" },
      { path: "/?animal=blue", is: 404 },
    ],
  },
  {
    name: "S10, P24: a query's value goes by a pattern",
    rules: [{ matches: [fields("queryParams", { page: "~[0-9]+" })], backendRefs: [to("web-v1")] }],
    rows: [
      { path: "/?page=12", is: "web-v1" },
      { path: "/?page=12a", is: 404 },
      { path: "/?page=", is: 404 },
    ],
  },
  {
    name: "S10, P24: of a rule's matches one is enough, of a match's parts all are needed",
    rules: [
      {
        matches: [{ ...path("/a"), method: "GET", ...fields("headers", { x: "1" }) }, path("=/b")],
        backendRefs: [to("web-v1")],
      },
    ],
    rows: [
      { path: "/b", is: "web-v1" },
      by("x: 1", "web-v1", "/a/b"),
      by("x: 2", 404, "/a/b"),
      { path: "/a/b", is: 404 },
      { path: "/a", method: "PUT", headers: ["x: 1"], is: 404 },
    ],
  },
  {
    name: "S10, P24: a rule without matches takes everything",
    rules: [{ backendRefs: [to("web-v2")] }],
    rows: [
      { path: "/", is: "web-v2" },
      { path: "/any/where?at=all", method: "PATCH", is: "web-v2" },
      { path: "/", http2: true, is: "web-v2" },
    ],
  },
  {
    name: "S10, P24: the same rules hold for HTTP/2",
    quick: true,
    rules: [
      { matches: [path("/v1")], backendRefs: [to("web-v1")] },
      { matches: [fields("headers", { version: "two" })], backendRefs: [to("web-v2")] },
    ],
    rows: [
      { path: "/v1/x", http2: true, is: "web-v1" },
      { path: "/x", http2: true, headers: ["version: two"], is: "web-v2" },
      { path: "/x", http2: true, is: 404 },
    ],
  },
];

const tabled = ({ name, quick, rules, rows }: Case): Scenario => ({
  ...{ name, ...(quick === true && { quick }) },
  run: async (world) => {
    const place = world.place();
    await world.apply(place.service, httpRoute(place.name, place.parent(), rules));
    await world.table("client", place.url, rows);
  },
});

/** Scenarios of what rules take. */
export const ROUTING: readonly Scenario[] = CASES.map(tabled);
