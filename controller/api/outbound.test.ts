import { expect, test } from "bun:test";
import { fromBinary } from "@bufbuild/protobuf";
import { OutboundPolicySchema } from "#lib/api/gen/proxy/outbound_pb.ts";
import { backendsOf, httpOf } from "../../test/fake/outbound-answer.ts";
import {
  authority,
  OutboundWorld,
  type Target,
  toAddress,
} from "../../test/fake/outbound-world.ts";
import { fakePod } from "../../test/fake/web-cluster.ts";

test("OUT1, OUT5: a Service's port is balanced, and the policy follows the Service", () => {
  const world = new OutboundWorld();
  const { newest, sent } = world.watch();
  expect(newest().metadata?.kind.value).toMatchObject({
    ...{ group: "core", kind: "Service", name: "web", namespace: "shop", port: 80 },
  });
  expect(newest().protocol?.kind.case).toBe("detect");
  expect(httpOf(newest())).toMatchObject([
    {
      metadata: { kind: { case: "default", value: "http" } },
      rules: [
        {
          matches: [{ path: { kind: { case: "prefix", value: "/" } } }],
          allowL5dRequestHeaders: false,
        },
      ],
    },
  ]);
  const port = (appProtocol: string) => ({ ports: [{ port: 80, appProtocol }] });
  for (const [appProtocol, kind] of [
    ["http", "http1"],
    ["kubernetes.io/h2c", "http2"],
    ["tcp", "opaque"],
  ] as const) {
    world.putService("web", port(appProtocol));
    expect(newest().protocol?.kind.case).toBe(kind);
  }
  expect(sent()).toBe(4);
  world.putService("web", port("tcp"));
  expect(sent()).toBe(4);
});

test("OUT1, OUT11, OUT12: names, addresses unknown, ports undefined", () => {
  const world = new OutboundWorld();
  const get = (target: Target) => {
    const call = world.ask("Get", target);
    expect(call.ended).toBe("0 ");
    return fromBinary(OutboundPolicySchema, call.take().at(-1) ?? new Uint8Array());
  };
  const named = get(authority("web.shop.svc.cluster.local.:80"));
  expect(named.metadata?.kind.value).toMatchObject({ name: "web", port: 80 });
  expect(get(authority("web.shop.svc.cluster.local"))).toEqual(named);
  const outside = get(toAddress("1.1.1.1", 443));
  expect(outside.metadata?.kind.value).toBe("egress-fallback");
  expect(outside.protocol?.kind.case).toBe("detect");
  expect(backendsOf(outside)).toMatchObject([
    { backend: { kind: { case: "forward", value: { addr: { port: 443 } } } } },
  ]);
  expect(get(toAddress("10.96.0.1", 9)).protocol?.kind).toMatchObject({
    case: "opaque",
    value: {
      routes: [
        {
          metadata: { kind: { value: "undefined-port" } },
          rules: [
            { backends: { kind: { case: "empty" } }, filters: [{ kind: { case: "forbidden" } }] },
          ],
        },
      ],
    },
  });
});

test("P23, OUT11: the policy of a pod's own address has all that its endpoint has, as it comes before the profile", () => {
  const world = new OutboundWorld();
  const { newest, sent } = world.watch("shop", toAddress("10.1.0.2", 8080));
  const forwardedTo = () => {
    const kind = backendsOf(newest())[0]?.backend?.kind;
    return kind?.case === "forward" ? kind.value : undefined;
  };
  expect(forwardedTo()).toMatchObject({ weight: 1, addr: { port: 8080 } });
  expect(forwardedTo()?.tlsIdentity).toBeUndefined();
  world.from.pods.put(fakePod("web-2", "10.1.0.2"));
  expect(forwardedTo()).toMatchObject({
    ...{ weight: 1, addr: { port: 8080 }, metricLabels: { pod: "web-2", namespace: "shop" } },
    tlsIdentity: {
      serverName: { name: "web.shop.serviceaccount.identity.linkerd.cluster.local" },
    },
    protocolHint: { protocol: { case: "h2" }, opaqueTransport: { inboundPort: 4143 } },
  });
  const { metadata, ...rest } = fakePod("web-2", "10.1.0.2");
  const annotations = { "config.linkerd.io/opaque-ports": "8080" };
  world.from.pods.put({ metadata: { ...metadata, annotations }, ...rest });
  expect(newest().protocol?.kind.case).toBe("opaque");
  const before = sent();
  const others = { ...annotations, "example.com/x": "y" };
  world.from.pods.put({ metadata: { ...metadata, annotations: others }, ...rest });
  expect(sent()).toBe(before);
  world.from.pods.drop({ name: "web-2", namespace: "shop" });
  expect(forwardedTo()?.tlsIdentity).toBeUndefined();
});

test("OUT14: what cannot be answered is refused; a watched Service that goes ends its watch by name", () => {
  const world = new OutboundWorld();
  const refused = (target?: Target, source?: string) => {
    try {
      world.ask("Watch", target, source);
    } catch (error) {
      return (error as { code: number }).code;
    }
    return undefined;
  };
  const web = toAddress("10.96.0.1", 80);
  expect(refused()).toBe(3);
  expect(refused({ case: "addr", value: { port: 80 } })).toBe(3);
  expect(refused(toAddress("10.96.0.1", 0))).toBe(3);
  expect(refused(toAddress("10.96.0.1", 65_536))).toBe(3);
  expect(refused(web, "")).toBe(3);
  expect(refused(web, "nobody")).toBe(3);
  expect(refused(web, '{"ns":"shop","external_workload":"vm"}')).toBeUndefined();
  expect(refused(authority("example.com"))).toBe(5);
  expect(refused(authority("none.shop.svc.cluster.local:80"))).toBe(5);
  const { call } = world.watch("shop", authority("web.shop.svc.cluster.local:80"));
  world.from.services.drop({ name: "web", namespace: "shop" });
  expect(call.ended).toBe("5 no Service shop/web");
});
