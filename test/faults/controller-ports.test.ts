import { afterAll, beforeAll, expect, test } from "bun:test";
import { connect, type Socket } from "node:net";
import { create, toBinary } from "@bufbuild/protobuf";
import { GetDestinationSchema } from "#lib/api/gen/proxy/destination_pb.ts";
import { CertifyRequestSchema } from "#lib/api/gen/proxy/identity_pb.ts";
import { PortSpecSchema } from "#lib/api/gen/proxy/inbound_pb.ts";
import { TrafficSpecSchema } from "#lib/api/gen/proxy/outbound_pb.ts";
import { frameMessage } from "#lib/grpc/framing.ts";
import { GrpcError } from "#lib/grpc/status.ts";
import { HeaderList } from "#lib/http/headers.ts";
import type { ClientConnection } from "#lib/http-io/exchange.ts";
import { connectHttp2 } from "#lib/http-io/http2-client.ts";
import { readTrustBundle } from "#lib/identity/trust-bundle.ts";
import { CALL_ALLOWANCE } from "../../controller/runtime/call-gate.ts";
import { certify } from "../../proxy/control/certify.ts";
import { workloadKey } from "../../proxy/identity/key.ts";
import type { EndpointUpdate } from "../../proxy/policy/client-policy.ts";
import { FakeControllers } from "../fake/controllers.ts";
import { until } from "../fake/mesh.ts";
import { dialTcp } from "../fake/tls-door.ts";
import { wholeOf } from "../fake/whole-of.ts";

const PATH = "web.mesh.svc.cluster.local:80";
const DESTINATION = "/io.linkerd.proxy.destination.Destination";
const OUTBOUND = "/io.linkerd.proxy.outbound.OutboundPolicies";
const INBOUND = "/io.linkerd.proxy.inbound.InboundServerPolicies";
const IDENTITY = "/io.linkerd.proxy.identity.Identity";

let plane: FakeControllers;
beforeAll(async () => {
  plane = await FakeControllers.start();
  plane.giveIssuer();
  await plane.identity.ready;
  await plane.addPod("web-1", "10.1.0.1");
  await plane.setEndpoints({ "web-1": "10.1.0.1" });
});
afterAll(async () => {
  await plane.stop();
  expect(plane.faults).toEqual([]);
});

/** The endpoints that somebody who asks now is given. */
async function endpoints(path = PATH): Promise<string[]> {
  const seen: string[] = [];
  let isEmpty = false;
  const watch = plane.discovery("client").watchEndpoints(path, (update) => {
    if ("endpoints" in update) seen.push(...update.endpoints.map(({ addr }) => addr.ip));
    if (update.type === "no-endpoints") isEmpty = true;
  });
  await until(
    () => seen.length > 0 || isEmpty,
    () => `endpoints of ${path}`,
  );
  watch.cancel();
  return seen;
}

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");
const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const SETTINGS = hex("000000 04 00 00000000");
const GARBAGE: readonly (readonly [string, Buffer])[] = [
  ["nothing", Buffer.alloc(0)],
  ["zeros", Buffer.alloc(4096)],
  ["ones", Buffer.alloc(4096, 0xff)],
  ["HTTP/1", Buffer.from("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")],
  [
    "two lengths",
    Buffer.from("GET /metrics HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"),
  ],
  ["a TLS hello that ends early", hex("160301 0200 010001fc 0303")],
  ["half a preface", PREFACE.subarray(0, 9)],
  ["a frame that is too long", Buffer.concat([PREFACE, SETTINGS, hex("ffffff 00 00 00000001")])],
  [
    "HEADERS that are no HPACK",
    Buffer.concat([PREFACE, SETTINGS, hex("000004 01 05 00000001 ffffffff")]),
  ],
  ["DATA on stream 0", Buffer.concat([PREFACE, SETTINGS, hex("000001 00 00 00000000 00")])],
  [
    "a PING of 7 bytes",
    Buffer.concat([PREFACE, SETTINGS, hex("000007 06 00 00000000 00000000000000")]),
  ],
];

/** Sends bytes to a port, ends, and waits until the other side has ended too, or nothing comes any more. */
async function throwAt(port: number, bytes: Buffer): Promise<void> {
  const socket: Socket = connect({ host: "127.0.0.1", port });
  const closed = new Promise<void>((resolve) => socket.on("close", () => resolve()));
  socket.on("error", () => undefined);
  socket.on("data", () => undefined);
  socket.end(bytes);
  await closed;
}

test.each(GARBAGE)("F20: %s on every port of the controllers is survived", async (_, bytes) => {
  const { destination, identity } = plane;
  const ports = [
    destination.port,
    destination.policyPort,
    destination.adminPort,
    identity.port,
    identity.adminPort,
  ];
  await Promise.all(ports.map((port) => throwAt(port, bytes)));
  expect(await endpoints()).toEqual(["10.1.0.1"]);
  for (const port of [destination.adminPort, identity.adminPort])
    expect((await fetch(`http://127.0.0.1:${port}/ready`)).status).toBe(200);
});

/** The code that a call ends with; 0 for an answer. */
async function codeOf(port: number, path: string, request: Uint8Array): Promise<number> {
  try {
    await plane.channel(port).call(path, request);
    return 0;
  } catch (error) {
    if (error instanceof GrpcError) return error.code;
    throw error;
  }
}

const destination = (path: string, contextToken = ""): Uint8Array =>
  toBinary(GetDestinationSchema, create(GetDestinationSchema, { path, contextToken }));
const workload = (token: string, port: number): Uint8Array =>
  toBinary(PortSpecSchema, create(PortSpecSchema, { workload: token, port }));
const traffic = (authority: string): Uint8Array =>
  toBinary(
    TrafficSpecSchema,
    create(TrafficSpecSchema, {
      sourceWorkload: "shop:web-1",
      target: { case: "authority", value: authority },
    }),
  );

test("F20: messages that are none, and names that are none, are refused with their status", async () => {
  const long = "a".repeat(60_000);
  const { port, policyPort } = plane.destination;
  const cases: readonly (readonly [number, string, Uint8Array])[] = [
    ...["Get", "GetProfile"].flatMap((method) =>
      [
        "",
        "__proto__",
        ":80",
        "%00.mesh.svc.cluster.local:80",
        `${long}.mesh.svc.cluster.local:80`,
        "web.mesh.svc.cluster.local:99999",
      ].map((path) => [port, `${DESTINATION}/${method}`, destination(path, "{{{")] as const),
    ),
    ...["", "{}", '{"ns":{},"pod":[]}', "a:b:c", "__proto__:constructor", long].map(
      (token) => [policyPort, `${INBOUND}/GetPort`, workload(token, 80)] as const,
    ),
    [policyPort, `${INBOUND}/GetPort`, workload("mesh:web-1", 0)],
    [policyPort, `${INBOUND}/GetPort`, workload("mesh:web-1", 70_000)],
    ...["", "constructor", long].map(
      (authority) => [policyPort, `${OUTBOUND}/Get`, traffic(authority)] as const,
    ),
    [port, `${DESTINATION}/Get`, hex("ffffffffff")],
    [policyPort, `${OUTBOUND}/Get`, hex("0aff01")],
    [plane.identity.port, `${IDENTITY}/Certify`, hex("0aff01")],
    [
      plane.identity.port,
      `${IDENTITY}/Certify`,
      toBinary(CertifyRequestSchema, create(CertifyRequestSchema, {})),
    ],
  ];
  for (const [to, path, request] of cases) {
    const code = await codeOf(to, path, request);
    const asked = `${path} ${Buffer.from(request.subarray(0, 60)).toString()}`;
    expect([asked, code, [3, 5, 9].includes(code)]).toEqual([asked, code, true]);
  }
  expect(await endpoints()).toEqual(["10.1.0.1"]);
});

/** Asks for a policy as an identity, as its proxy would tell, and gives the status that comes back. */
function askAs(identity: string, connection: ClientConnection): Promise<string> {
  const outcome = Promise.withResolvers<string>();
  let status = "";
  const stream = connection.send(
    {
      method: "POST",
      scheme: "http",
      authority: "a",
      path: `${OUTBOUND}/Get`,
      version: "HTTP/2",
      protocol: "",
      headers: HeaderList.of(["content-type", "application/grpc"], ["l5d-client-id", identity]),
    },
    false,
    {
      onResponseInformational: () => undefined,
      onResponseHead: ({ headers }, end) => {
        status = headers.get("grpc-status") ?? "";
        if (end) outcome.resolve(status);
      },
      onResponseBytes: () => undefined,
      onResponseEnd: (trailers) => outcome.resolve(trailers?.get("grpc-status") ?? status),
      onResponseReset: ({ code }) => outcome.resolve(`reset ${code}`),
      onRequestWritable: () => undefined,
    },
  );
  stream.sendBytes(...wholeOf(frameMessage(traffic(PATH))));
  stream.sendEnd(undefined);
  return outcome.promise;
}

test("F19: one that floods is refused, and nobody else waits for it", async () => {
  const stream = await dialTcp(plane.destination.policyPort);
  const idle = { onAvailable: () => undefined, onClosed: () => undefined };
  const connection = connectHttp2(stream, idle, { now: () => performance.now() });
  const statuses = new Set<string>();
  // What comes back each second is spent as well, however slow the machine is.
  const asks = 10 * CALL_ALLOWANCE.burst;
  let longestMs = 0;
  for (let sent = 0; sent < asks && !statuses.has("8"); sent += 500) {
    const flood = Array.from({ length: 500 }, () => askAs("evil.mesh", connection));
    const startMs = performance.now();
    expect(await askAs("good.mesh", connection)).toBe("0");
    longestMs = Math.max(longestMs, performance.now() - startMs);
    for (const status of await Promise.all(flood)) statuses.add(status);
  }
  // 8 is RESOURCE_EXHAUSTED.
  expect([...statuses].toSorted()).toEqual(["0", "8"]);
  expect(longestMs).toBeLessThan(5_000);
  connection.destroy();
}, 60_000);

test("F21: a certificate is given for the token's own account, and for no other", async () => {
  const token = await plane.token("identity.l5d.io");
  const ask = async (localName: string): Promise<string> => {
    const key = await workloadKey(`${plane.dir}/${localName}`, localName);
    const bundle = readTrustBundle(plane.authority.anchorsPem);
    try {
      await certify({
        channel: plane.channel(plane.identity.port),
        localName,
        key,
        bundle: () => bundle,
        readToken: async () => Buffer.from(token),
        wallMs: () => Date.now(),
      });
      return "certified";
    } catch (error) {
      return String(error);
    }
  };
  const of = (account: string): string =>
    `${account}.serviceaccount.identity.linkerd.cluster.local`;
  expect(await ask(of("web.mesh"))).toBe("certified");
  for (const other of ["web.other", "default.mesh", "linkerd-identity.linkerd"])
    expect(await ask(of(other))).toContain("GrpcError");
});

test("F22: a controller that is short of memory refuses new watches, those that are there go on", async () => {
  const seen: string[] = [];
  const note = (update: EndpointUpdate): void => {
    if ("endpoints" in update) seen.push(...update.endpoints.map(({ addr }) => addr.ip));
  };
  const early = plane.discovery("early").watchEndpoints(PATH, note);
  await until(
    () => seen.length === 1,
    () => "the first watch",
  );
  plane.memoryShare = 0.95;
  const late: string[] = [];
  const watch = plane.discovery("late").watchEndpoints(PATH, ({ type }) => void late.push(type));
  await plane.addPod("web-2", "10.1.0.2");
  await plane.setEndpoints({ "web-1": "10.1.0.1", "web-2": "10.1.0.2" });
  await until(
    () => seen.includes("10.1.0.2"),
    () => "the change",
  );
  expect(late).toEqual([]);
  plane.memoryShare = 0;
  await until(
    () => late.includes("set"),
    () => "the late watch",
  );
  early.cancel();
  watch.cancel();
  await plane.setEndpoints({ "web-1": "10.1.0.1" });
});

test("F21: endpoints are those of Services; nothing else of the cluster is given out", async () => {
  const { port } = plane.destination;
  expect(await endpoints()).toEqual(["10.1.0.1"]);
  for (const path of [
    "web-1.mesh.pod.cluster.local:80",
    "web-1.mesh:80",
    "default.mesh.serviceaccount.cluster.local:80",
    "kube-system.svc.cluster.local:80",
    "/api/v1/secrets",
  ])
    expect([path, await codeOf(port, `${DESTINATION}/Get`, destination(path))]).toEqual([path, 3]);
  expect(
    await codeOf(port, `${DESTINATION}/Get`, destination("none.mesh.svc.cluster.local:80")),
  ).toBe(5);
});
