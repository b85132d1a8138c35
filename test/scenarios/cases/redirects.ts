/** Where redirects lead: the whole Location, by the Gateway API's rules (S1, ERR13). */

import { httpRoute, linkerdRoute, path } from "../objects.ts";
import { type Scenario, same } from "../scenario.ts";
import type { World } from "../world.ts";

type Redirect = {
  readonly scheme?: string;
  readonly hostname?: string;
  readonly port?: number;
  readonly statusCode?: number;
  readonly path?: object;
};

/** One rule and a request of it: `HOST` stands for the name that was asked. */
type Case = {
  readonly match: string;
  readonly redirect: Redirect;
  readonly asked: string;
  readonly status?: number;
  readonly location: string;
};

const whole = (value: string): object => ({ type: "ReplaceFullPath", replaceFullPath: value });
const prefix = (value: string): object => ({
  type: "ReplacePrefixMatch",
  replacePrefixMatch: value,
});

type Group = Pick<Scenario, "name" | "quick"> & {
  readonly cases: readonly Case[];
  readonly http2?: boolean;
  /** The port that is asked; 80 unless given. */
  readonly port?: number;
};

const HOSTS: readonly Case[] = [
  {
    match: "/host",
    redirect: { hostname: "example.org" },
    asked: "/host/a?b=c",
    location: "http://example.org/host/a?b=c",
  },
  {
    ...{ match: "/status", redirect: { hostname: "example.org", statusCode: 301 } },
    ...{ asked: "/status", status: 301, location: "http://example.org/status" },
  },
  {
    ...{ match: "/scheme", redirect: { scheme: "https" } },
    ...{ asked: "/scheme?q", location: "https://HOST/scheme?q" },
  },
  {
    ...{ match: "/both", redirect: { scheme: "https", hostname: "example.org", statusCode: 301 } },
    ...{ asked: "/both", status: 301, location: "https://example.org/both" },
  },
];

const GROUPS: readonly Group[] = [
  {
    name: "S1, P21, ERR13: redirects name another host, scheme and status",
    quick: true,
    cases: HOSTS,
  },
  { name: "S1, P21, ERR13: redirects are the same over HTTP/2", cases: HOSTS, http2: true },
  {
    name: "S1, P21: redirects name another port, which is left out where the scheme has it",
    cases: [
      {
        match: "/port",
        redirect: { port: 8083 },
        asked: "/port",
        location: "http://HOST:8083/port",
      },
      {
        ...{ match: "/to443", redirect: { scheme: "https", port: 443 } },
        ...{ asked: "/to443", location: "https://HOST/to443" },
      },
      {
        ...{ match: "/other", redirect: { scheme: "https", port: 80 } },
        ...{ asked: "/other", location: "https://HOST:80/other" },
      },
      {
        ...{ match: "/all", redirect: { hostname: "example.org", port: 8083, statusCode: 301 } },
        ...{ asked: "/all", status: 301, location: "http://example.org:8083/all" },
      },
    ],
  },
  {
    name: "S1, P21: a redirect keeps the port that was asked, unless it names a scheme",
    port: 81,
    cases: [
      { match: "/to80", redirect: { port: 80 }, asked: "/to80", location: "http://HOST/to80" },
      {
        match: "/host",
        redirect: { hostname: "example.org" },
        asked: "/host",
        location: "http://example.org:81/host",
      },
      {
        match: "/scheme",
        redirect: { scheme: "https" },
        asked: "/scheme",
        location: "https://HOST/scheme",
      },
      {
        match: "/path",
        redirect: { path: whole("/new") },
        asked: "/path",
        location: "http://HOST:81/new",
      },
    ],
  },
  {
    name: "S1, P21: redirects replace the whole path or its prefix, and keep the query",
    cases: [
      {
        ...{ match: "/original", redirect: { path: prefix("/replacement") } },
        ...{ asked: "/original/lemon?a=1&b=2", location: "http://HOST/replacement/lemon?a=1&b=2" },
      },
      {
        ...{ match: "/full", redirect: { path: whole("/full-replacement") } },
        ...{ asked: "/full/path/original?a=1", location: "http://HOST/full-replacement?a=1" },
      },
      {
        ...{ match: "/path-and-host", redirect: { hostname: "example.org", path: prefix("/new") } },
        ...{ asked: "/path-and-host/x", location: "http://example.org/new/x" },
      },
      {
        ...{
          match: "/full-and-host",
          redirect: { hostname: "example.org", statusCode: 301, path: whole("/new") },
        },
        ...{ asked: "/full-and-host/x", status: 301, location: "http://example.org/new" },
      },
    ],
  },
  {
    name: "S1, P21: a prefix is replaced without slashes too many or too few",
    cases: [
      {
        match: "/foo",
        redirect: { path: prefix("/xyz") },
        asked: "/foo/bar",
        location: "http://HOST/xyz/bar",
      },
      {
        match: "/foo",
        redirect: { path: prefix("/xyz") },
        asked: "/foo",
        location: "http://HOST/xyz",
      },
      {
        match: "/foo",
        redirect: { path: prefix("/xyz") },
        asked: "/foo/",
        location: "http://HOST/xyz/",
      },
      {
        match: "/goo/",
        redirect: { path: prefix("/xyz/") },
        asked: "/goo/bar",
        location: "http://HOST/xyz/bar",
      },
      {
        match: "/hoo",
        redirect: { path: prefix("/xyz/") },
        asked: "/hoo/bar",
        location: "http://HOST/xyz/bar",
      },
      {
        match: "/ioo",
        redirect: { path: prefix("/") },
        asked: "/ioo/bar",
        location: "http://HOST/bar",
      },
      { match: "/ioo", redirect: { path: prefix("/") }, asked: "/ioo", location: "http://HOST/" },
      { match: "/ioo", redirect: { path: prefix("/") }, asked: "/ioo/", location: "http://HOST/" },
    ],
  },
];

/** A rule for each match. */
const rulesOf = (cases: readonly Case[]): object[] =>
  [...new Map(cases.map(({ match, redirect }) => [match, redirect]))].map(([match, its]) => ({
    matches: [path(match)],
    filters: [{ type: "RequestRedirect", requestRedirect: its }],
  }));

const scenario = ({ name, quick, cases, http2 = false, port = 80 }: Group): Scenario => ({
  ...{ name, ...(quick === true && { quick }) },
  run: async (world: World) => {
    const place = world.place();
    await world.apply(place.service, httpRoute(place.name, place.whole, rulesOf(cases)));
    const url = port === 80 ? place.url : `${place.url}:${port}`;
    await world.answers("client", `${url}/of-no-rule`, 404);
    for (const { asked, status = 302, location } of cases) {
      const { status: got, headers } = await world.ask("client", `${url}${asked}`, { http2 });
      const expected = [status, location.replace("HOST", place.host)];
      same(`the redirect of ${asked}`, [got, headers["location"]], expected);
    }
  },
});

/** Scenarios of redirects. */
export const REDIRECTS: readonly Scenario[] = [
  ...GROUPS.map(scenario),
  {
    name: "S1, P21: Linkerd's own HTTPRoute redirects as the Gateway API's does",
    run: async (world) => {
      const place = world.place();
      const rules = rulesOf(HOSTS);
      await world.apply(place.service, linkerdRoute(place.name, place.parent(), rules));
      await world.answers("client", `${place.url}/of-no-rule`, 404);
      const { status, headers } = await world.ask("client", `${place.url}/status`);
      same("the redirect", [status, headers["location"]], [301, "http://example.org/status"]);
    },
  },
];
