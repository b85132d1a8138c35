import { expect, test } from "bun:test";
import type { DeleteOptions } from "#lib/k8s/client.ts";
import { KubeError } from "#lib/k8s/kube-error.ts";
import { type ObjectName, type Resource, SERVICE_NAME } from "#lib/k8s/resource.ts";
import type { Service } from "#lib/k8s/types/core.ts";
import type { CustomObject } from "#lib/k8s/types/custom.ts";
import type { EndpointSlice } from "#lib/k8s/types/discovery.ts";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import { FakeClock } from "../../test/fake/clock.ts";
import { FakeInformer } from "../../test/fake/informer.ts";
import { RecordedLog } from "../../test/fake/recorded-log.ts";
import { MANAGED_BY, MANAGER } from "./plan.ts";
import { ExternalSlices, RETRY_MS } from "./writer.ts";

/** A leader that writes into the informers that it reads. */
function setUp() {
  const from = {
    services: new FakeInformer<Service>(),
    slices: new FakeInformer<EndpointSlice>(),
    externalWorkloads: new FakeInformer<CustomObject>(),
  };
  const leadership = { holds: true };
  const clock = new FakeClock();
  const log = new RecordedLog();
  const writes: string[] = [];
  const deletions: (DeleteOptions | undefined)[] = [];
  let error: KubeError | undefined;
  const write = async (verb: string, act: () => void): Promise<void> => {
    writes.push(verb);
    if (error !== undefined) throw error;
    act();
  };
  const put = async <T extends KubeObject>(verb: string, object: T): Promise<T> => {
    await write(verb, () => from.slices.put(object as unknown as EndpointSlice));
    return object;
  };
  const client = {
    create: <T extends KubeObject>(_: Resource<T>, object: T) => put("create", object),
    replace: <T extends KubeObject>(_: Resource<T>, object: T) => put("replace", object),
    delete: <T extends KubeObject>(_: Resource<T>, name: ObjectName, how?: DeleteOptions) => {
      deletions.push(how);
      return write("delete", () => from.slices.drop(name));
    },
  };
  const writer = new ExternalSlices(from, { client, clock, log: log.logger }, leadership);
  const fail = (next: KubeError | undefined): void => {
    error = next;
  };
  const take = async (): Promise<string[]> => {
    // All that is under way are promises that are kept already.
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    return writes.splice(0);
  };
  return { from, leadership, clock, log, writer, deletions, fail, take };
}

function putService({ from }: ReturnType<typeof setUp>, name = "web"): void {
  from.services.put({
    metadata: { name, namespace: "shop", uid: "u1" },
    spec: { selector: { app: name }, ports: [{ port: 80 }] },
  });
}

function putWorkload({ from }: ReturnType<typeof setUp>, ip: string, app = "web"): void {
  from.externalWorkloads.put({
    metadata: { name: "vm", namespace: "shop", labels: { app } },
    spec: { workloadIPs: [{ ip }] },
  });
}

test("slices follow Services and workloads, and are put back where somebody takes them", async () => {
  const world = setUp();
  world.writer.start();
  putService(world);
  putService(world, "db");
  expect(await world.take()).toEqual([]);
  putWorkload(world, "192.0.2.1");
  expect(await world.take()).toEqual(["create"]);
  putWorkload(world, "192.0.2.1");
  expect(await world.take()).toEqual([]);
  putWorkload(world, "192.0.2.2");
  expect(await world.take()).toEqual(["replace"]);
  putWorkload(world, "192.0.2.2", "db");
  expect(await world.take()).toEqual(["delete", "create"]);
  const [slice] = world.from.slices.list();
  world.from.slices.drop({ name: slice?.metadata?.name ?? "", namespace: "shop" });
  expect(await world.take()).toEqual(["create"]);
  world.from.externalWorkloads.drop({ name: "vm", namespace: "shop" });
  expect(await world.take()).toEqual(["delete"]);
  expect(world.from.slices.list()).toEqual([]);
});

test("what was there before a leader is looked at, what is too much too", async () => {
  const world = setUp();
  putService(world);
  putWorkload(world, "192.0.2.1");
  world.writer.start();
  expect(await world.take()).toEqual(["create"]);
  const next = new ExternalSlices(
    world.from,
    {
      ...{ clock: world.clock, log: world.log.logger },
      client: {
        create: () => Promise.reject(new Error("not to be asked")),
        replace: () => Promise.reject(new Error("not to be asked")),
        delete: async (_, name) => world.from.slices.drop(name),
      },
    },
    { holds: true },
  );
  world.writer.stop();
  world.from.services.drop({ name: "web", namespace: "shop" });
  next.start();
  await world.take();
  expect(world.from.slices.list()).toEqual([]);
});

test("who does not lead writes nothing, and listens no more", async () => {
  const world = setUp();
  world.writer.start();
  putService(world);
  world.leadership.holds = false;
  putWorkload(world, "192.0.2.1");
  world.leadership.holds = true;
  putWorkload(world, "192.0.2.2");
  expect(await world.take()).toEqual([]);
});

test("a write that fails is tried again, and told unless another was faster", async () => {
  const world = setUp();
  world.writer.start();
  putService(world);
  world.fail(new KubeError("server", { message: "no" }));
  putWorkload(world, "192.0.2.1");
  expect(await world.take()).toEqual(["create"]);
  world.fail(new KubeError("already-exists", { message: "there" }));
  world.clock.advance(RETRY_MS);
  expect(await world.take()).toEqual(["create"]);
  world.fail(undefined);
  world.clock.advance(RETRY_MS);
  expect(await world.take()).toEqual(["create"]);
  expect(world.log.lines.filter((line) => line.includes("Cannot write"))).toHaveLength(1);
});

test("a slice is deleted only as it was seen, and who has changed it meanwhile is no failure", async () => {
  const world = setUp();
  const labels = { [SERVICE_NAME]: "gone", [MANAGED_BY]: MANAGER };
  const put = (resourceVersion: string): void => {
    const metadata = { name: "old", namespace: "shop", uid: "u7", resourceVersion, labels };
    world.from.slices.put({ metadata, addressType: "IPv4", endpoints: [] });
  };
  put("7");
  world.fail(new KubeError("conflict", { message: "changed" }));
  world.writer.start();
  expect(await world.take()).toEqual(["delete"]);
  world.fail(undefined);
  put("8");
  expect(await world.take()).toEqual(["delete"]);
  const seen = (resourceVersion: string) => ({ preconditions: { uid: "u7", resourceVersion } });
  expect(world.deletions).toEqual([seen("7"), seen("8")]);
  expect(world.log.lines.filter((line) => line.includes("Cannot write"))).toEqual([]);
});
