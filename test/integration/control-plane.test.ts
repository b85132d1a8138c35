/** The roles destination and identity, asked by our proxy's own clients. */

import { afterAll, beforeAll, expect, test } from "bun:test";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { GetDestinationSchema, UpdateSchema } from "#lib/api/gen/proxy/destination_pb.ts";
import { frameMessage, MessageReader } from "#lib/grpc/framing.ts";
import { HeaderList } from "#lib/http/headers.ts";
import type { ClientConnection, ClientStream, ResponseHandler } from "#lib/http-io/exchange.ts";
import { connectHttp2 } from "#lib/http-io/http2-client.ts";
import { readTrustBundle } from "#lib/identity/trust-bundle.ts";
import { PODS, SERVICES } from "#lib/k8s/resource.ts";
import { connectTcp } from "#lib/net/connect.ts";
import { systemClock } from "#lib/sys/system-clock.ts";
import { certify } from "../../proxy/control/certify.ts";
import { toEndpointUpdate } from "../../proxy/control/convert.ts";
import { workloadKey } from "../../proxy/identity/key.ts";
import type { ClientPolicy, EndpointUpdate } from "../../proxy/policy/client-policy.ts";
import type { ServerPolicy } from "../../proxy/policy/server-policy.ts";
import { FakeControllers } from "../fake/controllers.ts";
import { wholeOf } from "../fake/whole-of.ts";

const PATH = "web.mesh.svc.cluster.local:80";
const GET = "/io.linkerd.proxy.destination.Destination/Get";
const LIMIT_MS = 10_000;

let plane: FakeControllers;

beforeAll(async () => {
  plane = await FakeControllers.start();
  await plane.addPod("web-1", "10.1.0.1");
  await plane.addPod("web-2", "10.1.0.2");
});
afterAll(async () => {
  await plane.stop();
  expect(plane.faults).toEqual([]);
});

/** Values as they come, and the way to wait for one. */
class Seen<T> {
  readonly values: T[] = [];
  #wake: () => void = () => undefined;

  readonly push = (value: T): void => {
    this.values.push(value);
    this.#wake();
  };

  /** The first result that is not undefined, looked for at each value. */
  async until<R>(what: string, look: (values: readonly T[]) => R | undefined): Promise<R> {
    const deadline = AbortSignal.timeout(LIMIT_MS);
    for (;;) {
      const found = look(this.values);
      if (found !== undefined) return found;
      await new Promise<void>((resolve, reject) => {
        this.#wake = resolve;
        deadline.onabort = () =>
          reject(new Error(`Cannot see ${what}: ${JSON.stringify(this.values.at(-1))}`));
      });
    }
  }
}

/** Plays updates into a set of addresses. */
function applied(updates: readonly EndpointUpdate[]): string[] {
  const set = new Set<string>();
  for (const update of updates)
    switch (update.type) {
      case "add":
        for (const { addr } of update.endpoints) set.add(addr.ip);
        break;
      case "remove":
        for (const { ip } of update.addrs) set.delete(ip);
        break;
      case "no-endpoints":
        set.clear();
    }
  return [...set].toSorted();
}

const same = (a: readonly string[], b: readonly string[]): true | undefined =>
  a.join() === b.join() || undefined;

test("DST2 to DST8: Get gives endpoints with identity and hint, then what is added and removed", async () => {
  await plane.setEndpoints({ "web-1": "10.1.0.1" });
  const seen = new Seen<EndpointUpdate>();
  const watch = plane.discovery("client").watchEndpoints(PATH, seen.push);
  await seen.until("web-1", (all) => same(applied(all), ["10.1.0.1"]));
  expect(seen.values.at(-1)).toMatchObject({
    type: "add",
    endpoints: [
      {
        addr: { ip: "10.1.0.1", port: 8080 },
        identity: { name: "web.mesh.serviceaccount.identity.linkerd.cluster.local" },
        hint: "h2",
        directPort: 4143,
        labels: { pod: "web-1", service: "web", namespace: "mesh", serviceaccount: "web" },
      },
    ],
  });
  await plane.setEndpoints({ "web-2": "10.1.0.2" });
  await seen.until("web-2 alone", (all) => same(applied(all), ["10.1.0.2"]));
  await plane.setEndpoints({});
  await seen.until("nobody", (all) => (all.at(-1)?.type === "no-endpoints" ? true : undefined));
  watch.cancel();
});

test("DST1: a Service that is not there has no endpoints, and is asked for again until it is", async () => {
  const seen = new Seen<EndpointUpdate>();
  const watch = plane
    .discovery("client")
    .watchEndpoints("late.mesh.svc.cluster.local:80", seen.push);
  await plane.kube.admin.create(SERVICES, {
    metadata: { name: "late", namespace: "mesh" },
    spec: { ports: [{ port: 80 }] },
  });
  await seen.until("an answer", (all) => all[0]);
  expect(seen.values[0]).toEqual({ type: "no-endpoints", exists: true });
  watch.cancel();
});

test("OUT5, DST15: the policy of a Service is a balancer over it; a pod's own address is forwarded to", async () => {
  const seen = new Seen<ClientPolicy>();
  const discovery = plane.discovery("client");
  const watches = [
    discovery.watchPolicy({ ip: "10.96.0.77", port: 80 }, seen.push),
    discovery.watchPolicy({ ip: "10.1.0.1", port: 8080 }, seen.push),
    discovery.watchPolicy({ ip: "10.96.0.77", port: 81 }, seen.push),
  ];
  const service = await seen.until("the Service's policy", (all) =>
    all.find(({ metadata, protocol }) => metadata.name === "web" && protocol.type === "detect"),
  );
  expect(service.metadata).toMatchObject({ kind: "Service", namespace: "mesh", port: 80 });
  const routes = service.protocol.type === "detect" ? service.protocol.http1 : [];
  expect(routes[0]?.rules[0]?.backends[0]?.backend.target).toMatchObject({
    type: "balancer",
    path: PATH,
  });
  const pod = await seen.until("the pod's policy", (all) =>
    all.find(({ metadata }) => metadata.name === "egress-fallback" || metadata.kind === "default"),
  );
  expect(JSON.stringify(pod)).toContain("web.mesh.serviceaccount.identity.linkerd.cluster.local");
  await seen.until("a port that is not defined", (all) =>
    all.find(({ protocol }) => protocol.type === "forbidden"),
  );
  for (const watch of watches) watch.cancel();
});

test("INB3: a pod's annotation decides who may call, and its change is told", async () => {
  await plane.addPod("guarded", "10.1.0.9", {
    "config.linkerd.io/default-inbound-policy": "all-authenticated",
  });
  const seen = new Seen<ServerPolicy>();
  const watch = plane.discovery("guarded").watchPort(8080, seen.push);
  const first = await seen.until("a policy", (all) => all[0]);
  expect(first).toMatchObject({
    protocol: { type: "detect", timeoutMs: 10_000 },
    labels: { group: "", kind: "default", name: "all-authenticated" },
  });
  // What the proxy itself allows to loopback has another name.
  expect(
    first.authorizations.filter(({ labels }) => labels.name === "all-authenticated"),
  ).toMatchObject([{ authentication: { type: "identities", suffixes: [""] } }]);
  await plane.kube.admin.patch(
    PODS,
    { name: "guarded", namespace: "mesh" },
    {
      type: "merge",
      body: { metadata: { annotations: { "config.linkerd.io/default-inbound-policy": "deny" } } },
    },
  );
  await seen.until("deny", (all) => (all.at(-1)?.labels.name === "deny" ? true : undefined));
  const allowed = seen.values.at(-1)?.authorizations.map(({ labels }) => labels.name);
  expect(allowed).not.toContain("all-authenticated");
  watch.cancel();
});

test("IDY1 to IDY6: Certify waits for the issuer, then signs for the token's account and nobody else", async () => {
  const name = "web.mesh.serviceaccount.identity.linkerd.cluster.local";
  const { csrDer } = await workloadKey(`${plane.dir}/web`, name);
  const ask = async (localName: string, audience: string): Promise<number | string> => {
    const token = new TextEncoder().encode(await plane.token(audience));
    const certified = await certify({
      channel: plane.channel(plane.identity.port),
      localName,
      csrDer,
      bundle: () => readTrustBundle(plane.authority.anchorsPem),
      readToken: async () => token,
      wallMs: () => Date.now(),
    }).catch((error: unknown) => error);
    if (certified instanceof Error) return certified.message;
    return (certified as { expiresMs: number }).expiresMs - Date.now();
  };
  expect(await ask(name, "identity.l5d.io")).toBe("issuer is not loaded yet");
  plane.giveIssuer();
  await plane.identity.ready;
  const lifetimeMs = await ask(name, "identity.l5d.io");
  expect(lifetimeMs).toBeGreaterThan(70_000);
  expect(lifetimeMs).toBeLessThanOrEqual(80_000);
  expect(await ask(name, "https://elsewhere")).toContain("token is not valid");
  expect(
    await ask("other.mesh.serviceaccount.identity.linkerd.cluster.local", "identity.l5d.io"),
  ).toContain("must have exactly the DNS name");
});

test("DST2: a watcher that stalls through many changes ends with the set of a fresh one", async () => {
  const many = (count: number, from: number): Record<string, string> =>
    Object.fromEntries(
      Array.from({ length: count }, (_, at) => [`lone-${at}`, `10.2.${from}.${at + 1}`]),
    );
  await plane.setEndpoints(many(3, 0));
  const slow = await SlowWatcher.open(plane.destination.port);
  await slow.seen.until("the first set", (all) => (all.length > 0 ? true : undefined));
  slow.pause();
  const fresh = new Seen<EndpointUpdate>();
  const watch = plane.discovery("client").watchEndpoints(PATH, fresh.push);
  for (let round = 1; round <= 12; round++) {
    await plane.setEndpoints(many(200, round));
    const last = Object.values(many(200, round)).toSorted();
    await fresh.until(`round ${round}`, (all) => same(applied(all), last));
  }
  await plane.setEndpoints(many(5, 99));
  const newest = Object.values(many(5, 99)).toSorted();
  await fresh.until("the newest set", (all) => same(applied(all), newest));
  slow.resume();
  await slow.seen.until("the newest set", (all) => same(applied(all), newest));
  // 14 sets were set; what could be skipped was.
  expect(slow.seen.values.length).toBeLessThan(fresh.values.length);
  watch.cancel();
  slow.close();
});

/** A caller of `Get` that can stop reading. */
class SlowWatcher implements ResponseHandler {
  readonly seen: Seen<EndpointUpdate> = new Seen<EndpointUpdate>();
  readonly #reader = new MessageReader();
  #stream: ClientStream | undefined;
  #connection: ClientConnection | undefined;

  static async open(port: number): Promise<SlowWatcher> {
    const watcher = new SlowWatcher();
    const nothing = (): void => undefined;
    const connection = await new Promise<ClientConnection>((resolve, reject) => {
      connectTcp(
        { ip: "127.0.0.1", port, timeoutMs: 1000, clock: systemClock, onFault: reject },
        {
          onConnected: (stream) =>
            resolve(
              connectHttp2(
                stream,
                { onAvailable: nothing, onClosed: nothing },
                { now: () => performance.now() },
              ),
            ),
          onFailed: reject,
        },
      );
    });
    const request = create(GetDestinationSchema, { path: PATH });
    const headers = HeaderList.of(["content-type", "application/grpc"], ["te", "trailers"]);
    const stream = connection.send(
      {
        method: "POST",
        scheme: "http",
        authority: "slow",
        path: GET,
        version: "HTTP/2",
        protocol: "",
        headers,
      },
      false,
      watcher,
    );
    stream.sendBytes(...wholeOf(frameMessage(toBinary(GetDestinationSchema, request))));
    stream.sendEnd(undefined);
    watcher.#stream = stream;
    watcher.#connection = connection;
    return watcher;
  }

  pause(): void {
    this.#stream?.pauseResponse();
  }

  resume(): void {
    this.#stream?.resumeResponse();
  }

  close(): void {
    this.#connection?.destroy();
  }

  onResponseBytes(bytes: Buffer, from: number, to: number): void {
    const chunk = bytes.subarray(from, to);
    const problem = this.#reader.receive(chunk, (message) => {
      const update = toEndpointUpdate(fromBinary(UpdateSchema, message));
      if (update !== undefined) this.seen.push(update);
    });
    expect(problem).toBeUndefined();
  }

  onResponseInformational(): void {
    // Nothing to learn from it.
  }

  onResponseHead(): void {
    // Its messages tell.
  }

  onResponseEnd(): void {
    // The test closes it.
  }

  onResponseReset(): void {
    // The test closes it.
  }

  onRequestWritable(): void {
    // The request is one small message.
  }
}
