import { expect, test } from "bun:test";
import { ProfileWorld } from "../../test/fake/profile-world.ts";
import { fakePod, fakeSlice } from "../../test/fake/web-cluster.ts";

/** What is woken by what a test does: clients, with what they asked for. */
function setUp() {
  const world = new ProfileWorld();
  const woken: string[] = [];
  const at = (client: string, ip: string, port: number) =>
    world.profiles.subscribe({ client, target: { type: "address", ip, port } }, () =>
      woken.push(`${client} ${ip}:${port}`),
    );
  const stops = [
    at("shop", "10.96.0.1", 80),
    at("a", "10.96.0.1", 80),
    at("a", "10.96.0.1", 81),
    at("a", "10.1.0.1", 8080),
  ];
  const spec = (name: string) => ({ routes: [{ name, condition: { pathRegex: name } }] });
  return { world, stops, spec, take: () => woken.splice(0).sort() };
}
const WEB = ["a 10.96.0.1:80", "shop 10.96.0.1:80"];

test("DST16: a ServiceProfile concerns its namespace's clients, that of the Service's all without one", () => {
  const { world, spec, take } = setUp();
  world.put(spec("x"));
  expect(take()).toEqual(WEB);
  world.put(spec("x"));
  expect(take()).toEqual([]);
  world.put(spec("y"), "a");
  expect(take()).toEqual(["a 10.96.0.1:80"]);
  world.put(spec("z"));
  expect(take()).toEqual(["shop 10.96.0.1:80"]);
  world.put(spec("y"), "nobody");
  world.serviceProfiles.put({
    metadata: { name: "db.shop.svc.cluster.local", namespace: "shop" },
    spec: spec("y"),
  });
  expect(take()).toEqual([]);
  world.drop("a");
  expect(take()).toEqual(["a 10.96.0.1:80"]);
});

test("DST15: what changes of a Service or a pod concerns clients where their profile is another", () => {
  const { world, take } = setUp();
  const metadata = { name: "web", namespace: "shop" };
  const spec = { clusterIP: "10.96.0.1", ports: [{ name: "http", port: 80 }] };
  world.from.services.put({ metadata, spec: { ...spec, selector: { app: "web" } } });
  world.from.slices.put(fakeSlice([]));
  world.from.pods.put(fakePod("web-1", "10.1.0.1"));
  expect(take()).toEqual([]);
  world.from.services.put({ metadata, spec: { ...spec, ports: [{ port: 81 }] } });
  expect(take()).toEqual(["a 10.96.0.1:80", "a 10.96.0.1:81", "shop 10.96.0.1:80"]);
  world.from.pods.drop({ name: "web-1", namespace: "shop" });
  expect(take()).toEqual(["a 10.1.0.1:8080"]);
});

test("clients for whom the same holds are given one value, and nobody is woken who has gone", () => {
  const { world, stops, spec, take } = setUp();
  const target = { type: "address", ip: "10.96.0.1", port: 80 } as const;
  world.put(spec("x"));
  const of = (client: string) => world.profiles.profile({ client, target });
  expect(of("a")).toBe(of("shop") as never);
  expect(of("later")).toBe(of("shop") as never);
  take();
  for (const stop of stops) stop();
  stops[0]?.();
  world.put(spec("y"));
  expect(take()).toEqual([]);
  expect(of("a")).toMatchObject({ type: "service", profile: { routes: [{ name: "y" }] } });
  const again = setUp();
  again.world.profiles.stop();
  again.world.put(spec("y"));
  again.world.from.services.drop({ name: "web", namespace: "shop" });
  expect(again.take()).toEqual([]);
});
