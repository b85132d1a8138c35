import { expect, test } from "bun:test";
import { KubeError } from "#lib/k8s/kube-error.ts";
import { routeTo, StatusWorld } from "../../test/fake/status-world.ts";
import { OBJECT_SPACING_MS, WRITE_LIMIT_MS, WRITE_SPACING_MS } from "./writer.ts";

/** A Service `web` with routes of these names, and a writer that has looked at them. */
async function begun(...names: string[]): Promise<StatusWorld> {
  const world = new StatusWorld();
  world.putService("web");
  for (const name of names) world.put("httpRoutes", name, routeTo("web"));
  world.write();
  await world.pass();
  return world;
}
const HOLDS = ["Accepted True Accepted", "ResolvedRefs True ResolvedRefs"];
const namesOf = ({ written }: StatusWorld): string[] => written.map(({ name }) => name);

test("S3, INB12: statuses are written when it is elected, and as things change; nothing twice", async () => {
  const world = await begun("a");
  expect(world.said("httpRoutes", "a")).toEqual(HOLDS);
  await world.pass(OBJECT_SPACING_MS * 3);
  expect(namesOf(world)).toEqual(["a"]);
  world.from.services.drop({ name: "web", namespace: "shop" });
  await world.pass();
  expect(world.said("httpRoutes", "a")[0]).toBe("Accepted False NoMatchingParent");
  world.put("grpcRoutes", "g", routeTo("web", "missing"));
  await world.pass(WRITE_SPACING_MS * 2);
  expect(world.said("grpcRoutes", "g")).toEqual([
    "Accepted False NoMatchingParent",
    "ResolvedRefs False BackendNotFound",
  ]);
  expect(world.count("patches")).toBe(3);
  expect(world.count("patch_dequeues")).toBeWithin(3, world.count("patch_enqueues") + 1);
});

test("no more than fifty statuses are written a second", async () => {
  const world = await begun(...Array.from({ length: 200 }, (_, index) => `r${index}`));
  await world.pass(1_000);
  expect(world.written.length).toBeWithin(40, 52);
  await world.pass(4_000);
  expect(world.written.length).toBe(200);
  const gaps = world.written.slice(1).map(({ atMs }, at) => atMs - (world.written[at]?.atMs ?? 0));
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(WRITE_SPACING_MS);
});

test("who writes against us has one object written twice a second at most", async () => {
  const world = await begun("a");
  for (let times = 0; times < 30; times++) {
    world.setStatus("httpRoutes", "a", { parents: [] });
    await world.pass(100);
  }
  expect(world.written.length).toBeWithin(5, 8);
  await world.pass(OBJECT_SPACING_MS);
  expect(world.said("httpRoutes", "a")).toEqual(HOLDS);
});

test("F13: a write that another came before is decided anew, and does not undo what came", async () => {
  const world = new StatusWorld();
  world.putService("web");
  world.put("httpRoutes", "a", routeTo("web"));
  const theirs = { controllerName: "example.com/other", parentRef: { name: "g" }, conditions: [] };
  let times = 0;
  world.fault = () => {
    times++;
    if (times === 1) world.setStatus("httpRoutes", "a", { parents: [theirs] });
    return undefined;
  };
  world.write();
  await world.pass();
  expect(namesOf(world)).toEqual(["a", "a"]);
  expect(world.status("httpRoutes", "a")).toMatchObject({ parents: [theirs, {}] });
  expect(world.said("httpRoutes", "a")).toEqual(HOLDS);
  expect(world.log.lines).toEqual([]);
});

test("an object that others write to without end waits", async () => {
  const world = new StatusWorld();
  world.putService("web");
  world.put("httpRoutes", "a", routeTo("web"));
  world.fault = () => new KubeError("conflict", { message: "was changed" });
  world.write();
  await world.pass(900);
  expect(world.written.length).toBe(3);
  world.fault = () => undefined;
  await world.pass(200);
  expect(world.said("httpRoutes", "a")).toEqual(HOLDS);
});

test("an object whose status is refused waits longer and longer, and holds up no other", async () => {
  const world = new StatusWorld();
  world.putService("web");
  for (const name of ["a", "b"]) world.put("httpRoutes", name, routeTo("web"));
  world.fault = (name) =>
    name === "a" ? new KubeError("forbidden", { message: "may not" }) : undefined;
  world.write();
  await world.pass(10_000);
  expect(world.said("httpRoutes", "b")).toEqual(HOLDS);
  expect(namesOf(world).filter((name) => name === "a").length).toBe(4);
  expect(world.log.lines.length).toBe(1);
  expect(world.log.lines[0]).toContain("Cannot write a status");
  expect(world.count("patch_api_errors")).toBe(4);
  // What its user mends is looked at at once.
  world.fault = () => undefined;
  world.put("httpRoutes", "a", routeTo("web", "web"));
  await world.pass(WRITE_SPACING_MS);
  expect(world.said("httpRoutes", "a")).toEqual(HOLDS);
});

test("an API that is away is asked ever more rarely, and is told all when it is back", async () => {
  const world = new StatusWorld();
  world.putService("web");
  const names = Array.from({ length: 20 }, (_, index) => `r${index}`);
  for (const name of names) world.put("httpRoutes", name, routeTo("web"));
  world.fault = () => new KubeError("unreachable", { message: "gone" });
  world.write();
  await world.pass(5_000);
  expect(world.written.length).toBeLessThan(8);
  expect(world.log.lines.length).toBe(1);
  world.fault = () => undefined;
  await world.pass(20_000);
  for (const name of names) expect(world.said("httpRoutes", name)).toEqual(HOLDS);
});

test("F2: the API's Retry-After is kept to", async () => {
  const world = new StatusWorld();
  world.putService("web");
  world.put("httpRoutes", "a", routeTo("web"));
  world.fault = () =>
    new KubeError("too-many-requests", { message: "slow down", retryAfterMs: 8_000 });
  world.write();
  await world.pass(7_900);
  expect(world.written.length).toBe(1);
  await world.pass(300);
  expect(world.written.length).toBe(2);
});

test("a write that is not answered is given up, counted, and tried again", async () => {
  const world = new StatusWorld();
  world.putService("web");
  world.put("httpRoutes", "a", routeTo("web"));
  world.fault = () => new Promise<never>(() => undefined);
  world.write();
  await world.pass(WRITE_LIMIT_MS + 100);
  expect(world.count("patch_timeouts")).toBe(1);
  world.fault = () => undefined;
  await world.pass(3_000);
  expect(world.said("httpRoutes", "a")).toEqual(HOLDS);
});

test("an object that goes while its status is written is forgotten", async () => {
  const world = new StatusWorld();
  world.putService("web");
  world.put("httpRoutes", "a", routeTo("web"));
  world.fault = () => {
    world.from.httpRoutes.drop({ name: "a", namespace: "shop" });
    return undefined;
  };
  world.write();
  await world.pass(5_000);
  expect(world.written.length).toBe(1);
  expect(world.log.lines).toEqual([]);
});

test("F13: who leads no longer, or is stopped, writes no more", async () => {
  const world = await begun("a");
  world.leads = false;
  world.put("httpRoutes", "b", routeTo("web"));
  await world.pass(2_000);
  expect(world.count("patch_drops")).toBe(1);
  world.leads = true;
  const writer = world.write();
  await world.pass(WRITE_SPACING_MS * 2);
  expect(namesOf(world)).toEqual(["a", "b"]);
  world.setStatus("httpRoutes", "b", {});
  writer.stop();
  world.put("httpRoutes", "c", routeTo("web"));
  await world.pass(5_000);
  expect(namesOf(world)).toEqual(["a", "b"]);
  expect(world.clock.nextMs).toBeUndefined();
});
