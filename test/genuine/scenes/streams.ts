/** Outbound TCP and TLS: routes of connections, by SNI or of all, and what closes them. */

import { expect } from "bun:test";
import { FakeAuthority } from "../../fake/authority.ts";
import type { Bed } from "../bed.ts";
import {
  add,
  balanced,
  fallback,
  first,
  forwardTo,
  nobody,
  policy,
  random,
  resource,
  tcp,
} from "../messages.ts";
import { closed, reaches, type Scene } from "../scene.ts";

const filter = (kind: string, value: object): object => ({ kind: { case: kind, value } });
const forbidden = filter("forbidden", {});
const invalid = filter("invalid", { message: "as scripted" });

/** Says a policy of one route of connections, to an address of its own. */
function sayOpaque(bed: Bed, ip: string, rule: object): void {
  const routes = [{ metadata: resource("TCPRoute", "route"), rules: [rule] }];
  bed.plane.sayOutbound(`${ip}:80`, policy({ case: "opaque", value: { routes } }));
}

const OPAQUE: Scene = {
  name: "P9, P26: connections go where their route says, and are closed where it says that",
  run: async (bed) => {
    const [a, b] = ["10.77.2.41", "10.77.2.42"];
    for (const ip of [a, b]) bed.endpoint(ip);
    const named = "opaque.ns.svc.cluster.local:80";
    bed.plane.sayEndpoints(named, add([{ addr: tcp(b, 8080), weight: 1 }]));
    const penalty = { case: "penaltyPeakEwma", value: {} };
    const ways: readonly (readonly [ip: string, rule: object, from: string])[] = [
      ["10.77.1.41", { backends: first({ backend: forwardTo(a) }) }, a],
      ["10.77.1.42", { backends: first({ backend: balanced(named) }) }, b],
      [
        "10.77.1.43",
        {
          backends: random({ backend: { backend: balanced(named, { load: penalty }) }, weight: 5 }),
        },
        b,
      ],
    ];
    for (const [ip, rule, from] of ways) {
      sayOpaque(bed, ip, rule);
      const got = await reaches(bed, ip, from, { headers: { "l5d-client-id": "untouched" } });
      // What is opaque is not looked into.
      expect(got.body).toContain('"l5d-client-id":"untouched"');
    }
    const backend = forwardTo(a);
    const shut: readonly (readonly [ip: string, rule: object])[] = [
      ["10.77.1.44", { filters: [forbidden], backends: first({ backend }) }],
      ["10.77.1.45", { filters: [invalid], backends: first({ backend }) }],
      ["10.77.1.46", { backends: first({ backend, filters: [forbidden] }) }],
      ["10.77.1.47", { backends: random({ backend: { backend, filters: [invalid] }, weight: 1 }) }],
      ["10.77.1.48", { backends: nobody }],
    ];
    for (const [ip, rule] of shut) {
      sayOpaque(bed, ip, rule);
      await closed(bed, ip);
    }
  },
};

const TLS: Scene = {
  name: "P50, P24: TLS of applications goes by SNI, unread",
  run: async (bed) => {
    const material = {
      ...FakeAuthority.selfSigned("app.test"),
      anchorsPem: bed.authority.anchorsPem,
    };
    const [a, b] = ["10.77.2.43", "10.77.2.44"];
    for (const ip of [a, b]) bed.endpoint(ip, { material });
    const route = (rule: object, ...snis: readonly object[]): object => ({
      metadata: resource("TLSRoute", "route"),
      snis: snis.map((match) => ({ match })),
      rules: [rule],
    });
    const exact = (value: string): object => ({ case: "exact", value });
    const backend = forwardTo(a);
    const routes = [
      route({ backends: first({ backend }) }, exact("a.test")),
      route(
        { backends: random({ backend: { backend: forwardTo(b) }, weight: 1 }) },
        { case: "suffix", value: { reverseLabels: ["test", "sub"] } },
      ),
      route({ filters: [forbidden], backends: first({ backend }) }, exact("forbidden.test")),
      route({ backends: first({ backend, filters: [invalid] }) }, exact("invalid.test")),
      route({ backends: nobody }, exact("nobody.test")),
      route({ filters: [invalid], backends: first({ backend }) }, exact("broken.test")),
      route({ backends: first({ backend, filters: [forbidden] }) }, exact("denied.test")),
    ];
    bed.plane.sayOutbound("10.77.1.49:443", policy({ case: "tls", value: { routes } }));
    const ask = (name: string) => ({ protocol: "tls" as const, name });
    const got = await reaches(bed, "10.77.1.49", a, ask("a.test"));
    expect(got.body).toContain('"sni":"a.test"');
    await reaches(bed, "10.77.1.49", b, ask("x.sub.test"));
    for (const name of ["forbidden", "invalid", "nobody", "broken", "denied", "unknown"])
      await closed(bed, "10.77.1.49", ask(`${name}.test`));
  },
};

const UNKNOWN: Scene = {
  name: "P23, P22: what no policy names goes where it was going, and follows what its profile says",
  run: async (bed) => {
    const ip = "10.77.2.45";
    bed.endpoint(ip, { port: 80 });
    await reaches(bed, ip, ip);
    const other = "10.77.2.46";
    bed.endpoint(other, { port: 80 });
    bed.plane.sayProfile(`${other}:80`, {
      opaqueProtocol: true,
      parentRef: fallback("parent"),
      profileRef: fallback("profile"),
    });
    const { body } = await reaches(bed, other, other, {
      headers: { "l5d-client-id": "untouched" },
    });
    expect(body).toContain('"l5d-client-id":"untouched"');
  },
};

/** All. */
export const STREAMS: readonly Scene[] = [OPAQUE, TLS, UNKNOWN];
