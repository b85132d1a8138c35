import { afterAll, beforeAll, expect, test } from "bun:test";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { FakeMesh, type FakePod, until } from "../fake/mesh.ts";

const SERVER = "server.test.serviceaccount.identity.linkerd.cluster.local";
const CLIENT = "client.test.serviceaccount.identity.linkerd.cluster.local";
const MESHED = { ip: "10.99.0.1", port: 80 };
const PLAIN = { ip: "10.99.0.2", port: 80 };

const mesh = new FakeMesh();
let client: FakePod;
let app: Server;

beforeAll(async () => {
  app = createServer((request, response) =>
    response.end(String(request.headers["l5d-require-id"])),
  ).listen(0, "127.0.0.1");
  await until(
    () => app.listening,
    () => "the application does not listen",
  );
  const addr = `127.0.0.1:${(app.address() as AddressInfo).port}`;
  const server = await mesh.start(SERVER);
  client = await mesh.start(CLIENT);
  const { control } = mesh;
  control.services.set("10.99.0.1:80", { path: "meshed.test.svc.cluster.local:80", opaque: false });
  control.services.set("10.99.0.2:80", { path: "plain.test.svc.cluster.local:80", opaque: false });
  control.announce("meshed.test.svc.cluster.local:80", [
    { addr, identity: SERVER, directPort: server.proxy.inboundPort },
  ]);
  control.announce("plain.test.svc.cluster.local:80", [{ addr }]);
});

afterAll(async () => {
  await mesh.stop();
  app.close();
});

const call = (target: typeof MESHED, headers: Record<string, string>): Promise<Response> => {
  client.target = target;
  return fetch(`http://127.0.0.1:${client.proxy.outboundPort}/`, { keepalive: false, headers });
};

test("P20, HDR4: a request that requires its endpoint's identity goes there, without saying so", async () => {
  const response = await call(MESHED, { "l5d-require-id": SERVER });
  expect([response.status, await response.text()]).toEqual([200, "undefined"]);
});

test.each([
  ["another identity", MESHED, CLIENT, `required id "${CLIENT}"; found "${SERVER}"`],
  ["no identity", PLAIN, SERVER, `required id "${SERVER}"; found none`],
])(
  "P20, HDR4, ERR11, MET13: an endpoint of %s does not get the request, which ends with 502 and its connection",
  async (_, target, required, message) => {
    const counted = (): Promise<number> =>
      mesh.metric(client, "outbound_http_errors_total", 'error="identity required"');
    const before = await counted();
    const response = await call(target, { "l5d-require-id": required });
    expect(response.status).toBe(502);
    expect(response.headers.get("l5d-proxy-error")).toBe(message);
    expect(response.headers.get("l5d-proxy-connection")).toBe("close");
    expect(response.headers.get("connection")).toBe("close");
    expect(await counted()).toBe(before + 1);
  },
);

test("ERR11: a call gets UNAVAILABLE", async () => {
  const { status, grpcStatus } = await callGrpc({ "l5d-require-id": CLIENT });
  expect([status, grpcStatus]).toEqual([200, "14"]);
});

/** A call's answer as HTTP/2 has it. */
async function callGrpc(
  headers: Record<string, string>,
): Promise<{ readonly status: unknown; readonly grpcStatus: unknown }> {
  const { connect } = await import("node:http2");
  client.target = MESHED;
  const session = connect(`http://127.0.0.1:${client.proxy.outboundPort}`);
  const stream = session.request({
    ":method": "POST",
    ":path": "/a.B/C",
    "content-type": "application/grpc",
    ...headers,
  });
  stream.end();
  const answer = await new Promise<Record<string, unknown>>((resolve, reject) =>
    stream.on("response", resolve).on("error", reject),
  );
  session.destroy();
  return { status: answer[":status"], grpcStatus: answer["grpc-status"] };
}
