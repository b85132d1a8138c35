/** Outbound HTTP: what a rule and its backends do to a request and to its answer. */

import { expect } from "bun:test";
import { first, forwardTo, headers, http1, random } from "../messages.ts";
import { reaches, refused, type Scene } from "../scene.ts";

const WEB = "10.77.2.11";
const SERVICE = "10.77.1.11";
const exact = (value: string): object => ({ path: { kind: { case: "exact", value } } });
const prefix = (value: string): object => ({ path: { kind: { case: "prefix", value } } });
const filter = (kind: string, value: object): object => ({ kind: { case: kind, value } });
const modifier = (who: string): object => ({
  add: headers({ "x-add": who, "x-both": who }),
  set: headers({ "x-set": who }),
  remove: ["x-remove"],
});

const FAILURES: Scene = {
  name: "P21, ERR14: a failure is injected always, in none of the cases, and by a backend",
  run: async (bed) => {
    bed.endpoint(WEB);
    const fail = (status: number, ratio?: object): object =>
      filter("failureInjector", { status, message: "as scripted", ...(ratio && { ratio }) });
    const backend = forwardTo(WEB);
    const backends = first({ backend });
    bed.plane.sayOutbound(
      `${SERVICE}:80`,
      http1(
        { matches: [exact("/always")], filters: [fail(418)], backends },
        {
          matches: [exact("/never")],
          filters: [fail(418, { numerator: 0, denominator: 1 })],
          backends,
        },
        {
          matches: [exact("/all")],
          filters: [fail(419, { numerator: 3, denominator: 3 })],
          backends,
        },
        { matches: [exact("/backend")], backends: first({ backend, filters: [fail(420)] }) },
      ),
    );
    const { headers: told } = await refused(bed, SERVICE, 418, { path: "/always" });
    expect(told["l5d-proxy-error"]).toBe("as scripted");
    await reaches(bed, SERVICE, WEB, { path: "/never" });
    await refused(bed, SERVICE, 419, { path: "/all" });
    await refused(bed, SERVICE, 420, { path: "/backend" });
  },
};

const REDIRECTS: Scene = {
  name: "P21, ERR13, ERR17: redirects change scheme, host, port, path and status",
  run: async (bed) => {
    const rule = (path: object, redirect: object): object => ({
      ...{ matches: [path], filters: [filter("redirect", redirect)] },
      backends: first({ backend: forwardTo("10.77.2.12") }),
    });
    const whole = {
      scheme: { type: { case: "registered", value: 1 } },
      host: "other.test",
      port: 8443,
      path: { replace: { case: "full", value: "/new" } },
      status: 308,
    };
    const other = { scheme: { type: { case: "unregistered", value: "https" } } };
    const replace = { case: "prefix", value: "/new" };
    bed.plane.sayOutbound(
      "10.77.1.12:80",
      http1(
        rule(exact("/whole"), whole),
        rule(exact("/scheme"), other),
        rule(prefix("/old"), { path: { replace } }),
        rule(exact("/invalid"), { path: { replace } }),
      ),
    );
    const location = async (path: string, status: number): Promise<string | undefined> => {
      const how = { path, name: "web.test" };
      return (await refused(bed, "10.77.1.12", status, how)).headers["location"];
    };
    expect(await location("/whole", 308)).toBe("https://other.test:8443/new");
    expect(await location("/scheme", 301)).toBe("https://web.test/scheme");
    expect(await location("/old/page", 301)).toBe("http://web.test/new/page");
    expect(await location("/invalid", 500)).toBeUndefined();
  },
};

const MODIFIERS: Scene = {
  name: "P21: fields of request and answer are added, set and removed, by the rule and by a backend",
  run: async (bed) => {
    const ip = "10.77.2.13";
    const answer = () => ({ headers: { "x-remove": "there", "x-set": "app", "x-both": "app" } });
    const app = bed.endpoint(ip, { answer });
    const filters = (who: string): object[] => [
      filter("requestHeaderModifier", modifier(who)),
      filter("responseHeaderModifier", modifier(who)),
    ];
    const weighted = {
      backend: { backend: forwardTo(ip), filters: filters("backend") },
      weight: 1,
    };
    bed.plane.sayOutbound(
      "10.77.1.13:80",
      http1({ filters: filters("rule"), backends: random(weighted) }),
    );
    const asked = { "x-remove": "there", "x-set": "client", "x-both": "client" };
    const got = await reaches(bed, "10.77.1.13", ip, { headers: asked });
    expect(app.heard[0]?.headers).toMatchObject({ "x-set": "backend" });
    expect(app.heard[0]?.headers["x-remove"]).toBeUndefined();
    expect(got.headers["x-remove"]).toBeUndefined();
    expect(got.headers["x-both"]).toContain("app");
    expect(got.headers["x-add"]?.split(", ").toSorted()).toEqual(["backend", "rule"]);
  },
};

/** All. */
export const FILTERS: readonly Scene[] = [FAILURES, REDIRECTS, MODIFIERS];
