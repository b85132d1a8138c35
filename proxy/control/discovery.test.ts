import { expect, test } from "bun:test";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { Cidr } from "#lib/addr/cidr.ts";
import type { DestinationProfileSchema } from "#lib/api/gen/proxy/destination_pb.ts";
import { decode } from "#lib/api/wire/decode.ts";
import { encode } from "#lib/api/wire/encode.ts";
import { DestinationProfile, GetDestination, Update } from "#lib/api/wire/gen/destination.ts";
import { TrafficSpec } from "#lib/api/wire/gen/outbound.ts";
import type { ClientPolicy, EndpointUpdate } from "../policy/client-policy.ts";
import type { WatchRequest } from "./channel.ts";
import { fromSocketAddr } from "./convert.ts";
import { ControlDiscovery } from "./discovery.ts";

/** A service that notes what it is asked for. */
class FakeChannel {
  readonly asked: WatchRequest[] = [];
  cancelled = 0;

  watch(what: WatchRequest): { cancel(): void } {
    this.asked.push(what);
    what.onAsked?.();
    return { cancel: () => void this.cancelled++ };
  }

  get paths(): (string | undefined)[] {
    return this.asked.map(({ path }) => path.split("/").at(-1));
  }
}

function setup(networks: string) {
  const [destination, policy] = [new FakeChannel(), new FakeChannel()];
  const discovery = new ControlDiscovery({
    ...{ destination, policy, context: "context", workload: "workload", detectTimeoutMs: 1000 },
    profileNetworks: [Cidr.parse(networks)].flatMap((network) => network ?? []),
    profileSuffixes: ["svc.test"],
    ingress: false,
    httpQueue: { queueCapacity: 100, failfastMs: 3000 },
    tcpQueue: { queueCapacity: 100, failfastMs: 3000 },
  });
  return { destination, policy, discovery };
}

test("P22: policy and profile are asked for together, a profile only in the networks that may have one", () => {
  const { destination, policy, discovery } = setup("10.0.0.0/8");
  const seen: ClientPolicy[] = [];
  const take = (each: ClientPolicy): void => void seen.push(each);
  const inside = discovery.watchPolicy({ ip: "10.1.0.1", port: 80 }, take);
  expect([policy.paths, destination.paths]).toEqual([["Watch"], ["GetProfile"]]);
  policy.asked[0]?.onFinal?.(5);
  expect(seen).toEqual([]);
  destination.asked[0]?.onMessage(encode(DestinationProfile, {}));
  expect(seen).toHaveLength(1);
  const outside = discovery.watchPolicy({ ip: "192.0.2.1", port: 80 }, take);
  expect([policy.paths, destination.paths]).toEqual([["Watch", "Watch"], ["GetProfile"]]);
  policy.asked[1]?.onFinal?.(5);
  expect(seen).toHaveLength(2);
  inside.cancel();
  outside.cancel();
  expect([policy.cancelled, destination.cancelled]).toEqual([2, 1]);
});

test("P22, P27: a name is asked for as an authority, its profile only under the suffixes", () => {
  const { destination, policy, discovery } = setup("10.0.0.0/8");
  const seen: string[] = [];
  const take = ({ protocol }: ClientPolicy): void => void seen.push(protocol.type);
  discovery.watchNamed({ host: "web.ns.svc.test", port: 80 }, take);
  discovery.watchNamed({ host: "example.test", port: 443 }, take);
  expect(policy.asked.map(({ request }) => decode(TrafficSpec, request))).toMatchObject([
    { sourceWorkload: "workload", target: { case: "authority", value: "web.ns.svc.test:80" } },
    { target: { case: "authority", value: "example.test:443" } },
  ]);
  expect(destination.asked.map(({ request }) => decode(GetDestination, request).path)).toEqual([
    "web.ns.svc.test:80",
  ]);
  policy.asked[0]?.onFinal?.(5);
  policy.asked[1]?.onFinal?.(5);
  expect(seen).toEqual(["unknown"]);
  const profile = (over: MessageInitShape<typeof DestinationProfileSchema>): void =>
    destination.asked[0]?.onMessage(encode(DestinationProfile, over));
  profile({});
  profile({ fullyQualifiedName: "web.ns.svc.test" });
  const addr = fromSocketAddr({ ip: "10.0.0.1", port: 80 });
  profile({ fullyQualifiedName: "web.ns.svc.test", opaqueProtocol: true, endpoint: { addr } });
  expect(seen).toEqual(["unknown", "unknown", "detect", "opaque"]);
});

test("the first endpoints of a stream are all there are, of one that is opened again too", () => {
  const { destination, discovery } = setup("10.0.0.0/8");
  const seen: EndpointUpdate[] = [];
  discovery.watchEndpoints("web.mesh.svc.cluster.local:80", (update) => seen.push(update));
  const [stream] = destination.asked;
  const add = (...ips: string[]): void =>
    stream?.onMessage(
      encode(Update, {
        update: {
          case: "add",
          value: { addrs: ips.map((ip) => ({ addr: fromSocketAddr({ ip, port: 80 }) })) },
        },
      }),
    );
  // What cannot be read is no answer.
  stream?.onMessage(encode(Update, {}));
  add("10.0.0.1");
  add("10.0.0.2");
  stream?.onAsked?.();
  add("10.0.0.2");
  add("10.0.0.3");
  stream?.onFinal?.(3);
  const said = seen.map((update) =>
    "endpoints" in update
      ? [update.type, ...update.endpoints.map(({ addr }) => addr.ip)]
      : [update.type],
  );
  expect(said).toEqual([
    ["set", "10.0.0.1"],
    ["add", "10.0.0.2"],
    ["set", "10.0.0.2"],
    ["add", "10.0.0.3"],
    ["no-endpoints"],
  ]);
});
