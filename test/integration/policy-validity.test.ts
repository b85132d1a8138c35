/** What the controller tells, whatever users wrote, is never refused whole by a proxy: only rules that cannot be read refuse. */

import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { loadAll } from "js-yaml";
import { decode } from "#lib/api/wire/decode.ts";
import { Server } from "#lib/api/wire/gen/inbound.ts";
import { OutboundPolicy } from "#lib/api/wire/gen/outbound.ts";
import type { CustomObject } from "#lib/k8s/types/custom.ts";
import { toServerPolicy } from "../../proxy/control/convert-inbound.ts";
import { toClientPolicy } from "../../proxy/control/convert-outbound.ts";
import { InboundWorld, parentServer, webServer } from "../fake/inbound-world.ts";
import { OutboundWorld, parentService, toAddress } from "../fake/outbound-world.ts";

const RUNS = 500;
/** Milliseconds: machines are shared. */
const PATIENCE_MS = 60_000;
/** Texts that something is wrong with, in one place or another. */
const TEXTS = [
  ...["", "/", "//", "/a", "a b", "/a#b", "x", "X-Y", "content-length", "Host", "web.example"],
  ...["(?=a)b", "a(", "[", "(a+)+", "\u0000", "é", "*.example", "1s", "-1s", "GET", "PathPrefix"],
  ...["Exact", "RegularExpression", "RequestHeaderModifier", "ResponseHeaderModifier", "https"],
  ...["RequestRedirect", "ReplaceFullPath", "ReplacePrefixMatch", "Service", "EgressNetwork"],
];
const text = fc.constantFrom(...TEXTS);
const odd = fc.constantFrom<unknown>(null, 1, -1, 65_536, 1e12, true, [], {}, "x");
const mostly = <Value>(good: fc.Arbitrary<Value>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 12, arbitrary: good }, { weight: 1, arbitrary: odd });
const few = <Value>(of: fc.Arbitrary<Value>): fc.Arbitrary<unknown> =>
  mostly(fc.array(of, { maxLength: 2 }));
const fields = (of: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<unknown> =>
  fc.record(of, { requiredKeys: [] });

const named = fields({ name: mostly(text), type: mostly(text), value: mostly(text) });
const path = fields({ type: mostly(text), value: mostly(text) });
const header = fc.record({
  name: mostly(fc.constantFrom("x", "Host", "content-length", "TE", "a b", "")),
  value: mostly(text),
});
const modifier = fields({
  ...{ add: few(header), set: few(header) },
  remove: few(fc.constantFrom("x", "Host", "Connection")),
});
const replaced = fc.constantFrom("", "/", "/a b", "/a#b", "x", "/é");
const redirect = fields({
  ...{ scheme: mostly(fc.constantFrom("http", "https", "ftp")), hostname: mostly(text) },
  ...{ port: mostly(fc.nat(70_000)), statusCode: mostly(fc.integer({ min: 299, max: 400 })) },
  path: fc.oneof(
    fc.record({ type: fc.constant("ReplaceFullPath"), replaceFullPath: replaced }),
    fc.record({ type: fc.constant("ReplacePrefixMatch"), replacePrefixMatch: replaced }),
  ),
});
const filter = fc.oneof(
  fc.record({ type: fc.constant("RequestHeaderModifier"), requestHeaderModifier: modifier }),
  fc.record({ type: fc.constant("ResponseHeaderModifier"), responseHeaderModifier: modifier }),
  fc.record({ type: fc.constant("RequestRedirect"), requestRedirect: redirect }),
  fc.record({ type: mostly(text) }),
);
const backend = fields({
  ...{ group: fc.constantFrom("", "policy.linkerd.io"), kind: mostly(text) },
  ...{ name: mostly(fc.constantFrom("web", "none", "")), namespace: mostly(text) },
  ...{ port: mostly(fc.nat(70_000)), weight: mostly(fc.nat(2)), filters: few(filter) },
});
const match = fields({
  ...{ path: mostly(path), method: mostly(text), headers: few(named), queryParams: few(named) },
});
const call = fields({
  headers: few(named),
  method: fields({ service: mostly(text), method: mostly(text), type: mostly(text) }),
});
const rule = (matches: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fields({
    matches: fc.oneof(fc.constant([{}]), few(matches)),
    filters: few(filter),
    backendRefs: fc.oneof(fc.constant([{ name: "web", port: 80 }]), few(backend)),
    timeouts: fields({ request: mostly(text), backendRequest: mostly(text) }),
  });
const spec = (matches: fc.Arbitrary<unknown>) =>
  fc.record({ hostnames: few(text), rules: few(rule(matches)) }, { requiredKeys: [] });
const annotations = fc.dictionary(
  fc.constantFrom(
    ...["retry.linkerd.io/http", "retry.linkerd.io/grpc", "retry.linkerd.io/limit"],
    ...["retry.linkerd.io/timeout", "timeout.linkerd.io/request", "timeout.linkerd.io/idle"],
    ...["balancer.linkerd.io/failure-accrual", "balancer.alpha.linkerd.io/penalize-failures"],
    "balancer.linkerd.io/failure-accrual-consecutive-max-penalty",
    "balancer.linkerd.io/failure-accrual-consecutive-jitter-ratio",
    "balancer.alpha.linkerd.io/failure-accrual-success-rate-window",
  ),
  fc.constantFrom("5xx", "600", "0", "1", "0s", "1ms", "2m", "unified", "consecutive", "101", "t"),
);
const KINDS = ["linkerdHttpRoutes", "httpRoutes", "grpcRoutes", "tlsRoutes", "tcpRoutes"] as const;
const routes = fc.array(
  fc.record({
    kind: fc.constantFrom(...KINDS),
    spec: fc.oneof(spec(match), spec(call)),
    annotations,
  }),
  { minLength: 1, maxLength: 3 },
);

const told = (call: { readonly sent: readonly Uint8Array[] }): Uint8Array =>
  call.sent.at(-1)?.subarray(5) ?? new Uint8Array();

test(
  "OUT1, OUT9: no routes of a Service or an EgressNetwork make a policy that a proxy refuses whole",
  () => {
    const protocols = new Set<string>();
    fc.assert(
      fc.property(routes, annotations, (all, marks) => {
        const world = new OutboundWorld();
        world.putService("web", { annotations: marks });
        world.put("egressNetworks", "all", { trafficPolicy: "Deny" }, { annotations: marks });
        const parentRefs = [
          parentService(),
          { group: "policy.linkerd.io", kind: "EgressNetwork", name: "all" },
        ];
        for (const [index, { kind, spec: written, annotations: own }] of all.entries())
          world.put(kind, `r${index}`, { ...written, parentRefs }, { annotations: own });
        for (const target of [toAddress("10.96.0.1", 80), toAddress("1.1.1.1", 443)]) {
          const { protocol } = toClientPolicy(
            decode(OutboundPolicy, told(world.watch("shop", target).call)),
          );
          protocols.add(protocol.type);
          if (protocol.type === "invalid") throw new Error(protocol.message);
        }
      }),
      { numRuns: RUNS },
    );
    expect([...protocols].sort()).toEqual(["detect", "grpc", "opaque", "tls"]);
  },
  PATIENCE_MS,
);

test(
  "INB10: no routes of a Server make a policy that a proxy refuses whole",
  () => {
    fc.assert(
      fc.property(routes, fc.constantFrom("HTTP/1", "gRPC", "unknown"), (all, proxyProtocol) => {
        const world = new InboundWorld();
        world.put("servers", "web", webServer({ proxyProtocol }));
        for (const [index, { kind, spec: written }] of all.entries()) {
          if (kind === "tlsRoutes" || kind === "tcpRoutes") continue;
          world.put(kind, `r${index}`, { ...written, parentRefs: [parentServer("web")] });
        }
        const bytes = told(world.watch(8080).call);
        const { labels } = toServerPolicy(decode(Server, bytes));
        if (labels.kind === "default") throw new Error(labels.name);
      }),
      { numRuns: RUNS },
    );
  },
  PATIENCE_MS,
);

test("OUT1, OUT10: the manifests of the page on routing are read whole, and do what it says", () => {
  const page = readFileSync(`${import.meta.dir}/../../docs/routing.md`, "utf8");
  const blocks = [...page.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, text = ""]) => text);
  const objects = blocks.flatMap((text) => loadAll(text) as (CustomObject & { kind: string })[]);
  const plural = {
    HTTPRoute: "httpRoutes",
    TLSRoute: "tlsRoutes",
    EgressNetwork: "egressNetworks",
  } as const;
  const world = new OutboundWorld();
  world.putService("web-v2");
  for (const object of objects)
    world.routes[plural[object.kind as keyof typeof plural]].put(object);
  expect([objects.length, world.faults]).toEqual([3, []]);
  const policy = (ip: string, port: number) =>
    toClientPolicy(decode(OutboundPolicy, told(world.watch("shop", toAddress(ip, port)).call)));
  const { protocol } = policy("10.96.0.1", 80);
  const rule = protocol.type === "detect" ? protocol.http1[0]?.rules[0] : undefined;
  expect(rule?.distribution.choices.map(({ weight }) => weight)).toEqual([9, 1]);
  expect([rule?.timeouts.responseMs, rule?.retry?.limit]).toEqual([2000, 1]);
  const names = ({ protocol: { type, ...rest } }: ReturnType<typeof policy>): string =>
    `${type} ${"routes" in rest ? rest.routes.map(({ metadata }) => metadata.name).join() : ""}`;
  expect(names(policy("1.1.1.1", 443))).toBe("tls payments,tls-egress-deny");
  expect(policy("1.1.1.1", 80).protocol).toMatchObject({
    http1: [{ metadata: { name: "http-egress-deny" } }],
  });
});
