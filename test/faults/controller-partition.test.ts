import { afterEach, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { startDestination } from "../../controller/roles/destination.ts";
import type { EndpointUpdate } from "../../proxy/policy/client-policy.ts";
import { FakeControllers } from "../fake/controllers.ts";
import { until } from "../fake/mesh.ts";

const PATH = "web.mesh.svc.cluster.local:80";
const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

/** The network between some proxies and the controller: it can be cut, and counts who dials. */
class Network {
  dials = 0;
  #isCut = false;
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((near) => {
    this.dials++;
    if (this.#isCut) {
      near.destroy();
      return;
    }
    const far = connect({ host: "127.0.0.1", port: this.#to() });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(one);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        this.#sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  readonly #to: () => number;

  constructor(to: () => number) {
    this.#to = to;
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  heal(): void {
    this.#isCut = false;
  }

  stop(): void {
    this.cut();
    this.#server.close();
  }
}

/** A proxy's view of the Service: what its discovery has told. */
class View {
  readonly addresses = new Set<string>();
  losses = 0;

  readonly take = (update: EndpointUpdate): void => {
    if (update.type === "set") this.addresses.clear();
    if (update.type === "set" || update.type === "add")
      for (const { addr } of update.endpoints) this.addresses.add(addr.ip);
    else this.losses++;
    if (update.type === "remove") for (const { ip } of update.addrs) this.addresses.delete(ip);
    if (update.type === "no-endpoints") this.addresses.clear();
  };
}

test("F24: cut off from half of the proxies, both halves keep what they know; when it heals nobody storms", async () => {
  const plane = await FakeControllers.start();
  stops.push(() => plane.stop());
  const network = new Network(() => plane.destination.port);
  stops.push(() => network.stop());
  const port = await network.listen();
  await plane.addPod("web-1", "10.1.0.1");
  await plane.setEndpoints({ "web-1": "10.1.0.1" });
  const [near, far] = [0, 1].map(() => Array.from({ length: 20 }, () => new View()));
  if (near === undefined || far === undefined) throw new Error("Cannot test: no views");
  for (const view of near) plane.discovery("near").watchEndpoints(PATH, view.take);
  for (const view of far) plane.discovery("far", port).watchEndpoints(PATH, view.take);
  const all = (views: readonly View[], ip: string): Promise<void> =>
    until(
      () => views.every(({ addresses }) => addresses.has(ip)),
      () => `${ip} everywhere`,
    );
  await all([...near, ...far], "10.1.0.1");
  network.cut();
  const cutMs = performance.now();
  await plane.addPod("web-2", "10.1.0.2");
  await plane.setEndpoints({ "web-1": "10.1.0.1", "web-2": "10.1.0.2" });
  await all(near, "10.1.0.2");
  await until(
    () => network.dials >= 5 * far.length,
    () => "dials while it is cut",
  );
  const lastedMs = performance.now() - cutMs;
  expect(far.map(({ addresses, losses }) => [[...addresses], losses])).toEqual(
    far.map(() => [["10.1.0.1"], 0]),
  );
  // Back-off: the channels of this test wait from 10 ms on, twice as long each time, to 100 ms.
  expect(network.dials).toBeLessThan(far.length * (6 + lastedMs / 80));
  const before = network.dials;
  network.heal();
  await all(far, "10.1.0.2");
  expect(network.dials - before).toBeLessThanOrEqual(2 * far.length);
  expect(far.every(({ losses }) => losses === 0)).toBe(true);
});

test("an endpoint that goes while a proxy is cut off has gone when it is back", async () => {
  const plane = await FakeControllers.start();
  stops.push(() => plane.stop());
  const network = new Network(() => plane.destination.port);
  stops.push(() => network.stop());
  const port = await network.listen();
  await plane.addPod("web-1", "10.1.0.1");
  await plane.addPod("web-2", "10.1.0.2");
  await plane.setEndpoints({ "web-1": "10.1.0.1", "web-2": "10.1.0.2" });
  const view = new View();
  plane.discovery("far", port).watchEndpoints(PATH, view.take);
  const knows = (...ips: string[]): Promise<void> =>
    until(
      () => [...view.addresses].toSorted().join() === ips.join(),
      () => `${ips.join()} alone, not ${[...view.addresses].join()}`,
    );
  await knows("10.1.0.1", "10.1.0.2");
  network.cut();
  await plane.setEndpoints({ "web-2": "10.1.0.2" });
  network.heal();
  await knows("10.1.0.2");
});

test("F11: a controller that is gone takes nothing from proxies, and another one tells them all within 10 s", async () => {
  const plane = await FakeControllers.start();
  stops.push(() => plane.stop());
  let current = plane.destination;
  const network = new Network(() => current.port);
  stops.push(() => network.stop());
  const port = await network.listen();
  await plane.addPod("web-1", "10.1.0.1");
  await plane.setEndpoints({ "web-1": "10.1.0.1" });
  const views = Array.from({ length: 20 }, () => new View());
  for (const view of views) plane.discovery("far", port).watchEndpoints(PATH, view.take);
  const knowing = (ip: string): Promise<void> =>
    until(
      () => views.every(({ addresses }) => addresses.has(ip)),
      () => `${ip} everywhere`,
    );
  await knowing("10.1.0.1");
  network.cut();
  await plane.addPod("web-2", "10.1.0.2");
  await plane.setEndpoints({ "web-1": "10.1.0.1", "web-2": "10.1.0.2" });
  const startMs = performance.now();
  const second = startDestination(plane.destinationArgs, plane.around);
  stops.push(() => second.stop());
  await second.ready;
  current = second;
  network.heal();
  await knowing("10.1.0.2");
  expect(performance.now() - startMs).toBeLessThan(10_000);
  expect(views.every(({ losses }) => losses === 0)).toBe(true);
});

test("F23: the controllers run where no file can be written", async () => {
  const plane = await FakeControllers.start();
  stops.push(() => plane.stop());
  plane.giveIssuer();
  const caFile = `${plane.dir}/api-ca.crt`;
  writeFileSync(caFile, plane.kube.authority.anchorsPem);
  // With this limit the kernel ends a process that writes a byte to a file.
  const command = `ulimit -f 0; BUN_RUNTIME_TRANSPILER_CACHE_PATH=0 exec bun test/faults/no-writes.ts "$@"`;
  const child = spawn("bash", ["-c", command, "roles", plane.kube.url, caFile, plane.dir]);
  stops.push(() => child.kill());
  let said = "";
  let isOver = false;
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => {
      said += String(chunk);
    });
  child.on("close", () => {
    isOver = true;
  });
  await until(
    () => isOver || said.includes("\nready "),
    () => said,
  );
  const [, ...ports] = /\nready (\d+) (\d+)/.exec(said) ?? [];
  expect(ports).toHaveLength(2);
  for (const port of ports)
    expect((await fetch(`http://127.0.0.1:${port}/ready`)).status).toBe(200);
  child.stdin.end();
  await until(
    () => isOver,
    () => said,
  );
  expect(child.exitCode).toBe(0);
});
