import { afterAll, beforeAll, expect, test } from "bun:test";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { parseExposition } from "#lib/metrics/parse.ts";
import { FakeMesh, type FakePod, until } from "../fake/mesh.ts";

const mesh = new FakeMesh();
let client: FakePod;
let server: FakePod;
let app: Server;
/** What the application answers to the next requests, then 200. */
const statuses: number[] = [];
const named: (string | undefined)[] = [];

const HOST = "web.test.svc.cluster.local";
const DST = `${HOST}:80`;
const path = (regex: string) => ({ match: { case: "path" as const, value: { regex } } });
const PROFILE = {
  fullyQualifiedName: HOST,
  retryBudget: { retryRatio: 1, minRetriesPerSecond: 10, ttl: { seconds: 10n, nanos: 0 } },
  routes: [
    { condition: path("/read"), metricsLabels: { route: "read" }, isRetryable: true },
    {
      ...{ condition: path("/strict"), metricsLabels: { route: "strict" } },
      responseClasses: [
        {
          condition: { match: { case: "status" as const, value: { min: 404, max: 404 } } },
          isFailure: true,
        },
      ],
    },
  ],
};

beforeAll(async () => {
  app = createServer((request, response) => {
    named.push(request.headers["l5d-dst-canonical"] as string | undefined);
    request.resume();
    response.writeHead(statuses.shift() ?? 200).end("answer");
  }).listen(0, "127.0.0.1");
  await until(
    () => app.listening,
    () => "the application does not listen",
  );
  [server, client] = [await mesh.start("server.test"), await mesh.start("client.test")];
  const service = { path: DST, opaque: false, profile: PROFILE };
  // By its address, as the caller's proxy asks, and by its name, as the other one does.
  for (const key of ["10.99.4.1:80", DST]) mesh.control.services.set(key, service);
  const { port } = app.address() as AddressInfo;
  const direct = { identity: "server.test", directPort: server.proxy.inboundPort };
  mesh.control.announce(DST, [{ addr: `127.0.0.1:${port}`, ...direct }]);
});
afterAll(async () => {
  await mesh.stop();
  app.closeAllConnections();
  app.close();
});

async function ask(asked: string, ...answers: readonly number[]): Promise<number> {
  statuses.splice(0, statuses.length, ...answers);
  named.splice(0);
  client.target = { ip: "10.99.4.1", port: 80 };
  const response = await fetch(`http://127.0.0.1:${client.proxy.outboundPort}${asked}`, {
    ...{ keepalive: false, headers: { host: "whatever", "l5d-dst-canonical": "liar.test:80" } },
  });
  await response.text();
  return response.status;
}

/** The values of a family at a proxy, by classification where it has one, of one route. */
async function told(pod: FakePod, family: string, route: string | undefined) {
  const response = await fetch(`http://127.0.0.1:${pod.proxy.adminPort}/metrics`);
  const direction = pod === client ? "outbound" : "inbound";
  return parseExposition(await response.text())
    .filter(
      ({ name, labels }) =>
        name === family && labels["direction"] === direction && labels["rt_route"] === route,
    )
    .map(({ labels, value }) => {
      expect(labels["dst"]).toBe(DST);
      return `${labels["classification"] ?? ""} ${labels["status_code"] ?? ""} ${value}`.trim();
    });
}

test("MET4, MET5, HDR2, P17: both sides count by the profile's route: outbound with and without tries, inbound each of them", async () => {
  expect(await ask("/read", 503)).toBe(200);
  expect(named).toEqual([DST, DST]);
  expect(await told(client, "route_request_total", "read")).toEqual(["1"]);
  expect(await told(client, "route_response_total", "read")).toEqual(["success 200 1"]);
  expect(await told(client, "route_response_latency_ms_count", "read")).toEqual(["200 1"]);
  expect(await told(client, "route_actual_request_total", "read")).toEqual(["2"]);
  expect(await told(client, "route_actual_response_total", "read")).toEqual([
    "failure 503 1",
    "success 200 1",
  ]);
  expect(await told(client, "route_retryable_total", "read")).toEqual(["1", "0"]);
  expect(await told(server, "route_request_total", "read")).toEqual(["2"]);
  expect(await told(server, "route_response_total", "read")).toEqual([
    "failure 503 1",
    "success 200 1",
  ]);
  expect(await told(server, "route_actual_request_total", "read")).toEqual([]);
});

test("MET4: what none of the routes takes is counted without one, by outbound alone", async () => {
  expect(await ask("/other", 500)).toBe(500);
  expect(await told(client, "route_request_total", undefined)).toEqual(["1"]);
  expect(await told(client, "route_response_total", undefined)).toEqual(["failure 500 1"]);
  expect(await told(client, "route_actual_request_total", undefined)).toEqual(["1"]);
  expect(await told(server, "route_request_total", undefined)).toEqual([]);
});

test("MET2, MET4: response classes of the route say what failed, on both sides", async () => {
  expect([await ask("/strict", 404), await ask("/strict", 400)]).toEqual([404, 400]);
  const answers = ["failure 404 1", "success 400 1"];
  expect(await told(client, "route_response_total", "strict")).toEqual(answers);
  expect(await told(server, "route_response_total", "strict")).toEqual(answers);
  const failed = 'status_code="404",classification="failure"';
  expect(await mesh.metric(client, "response_total", failed)).toBe(1);
  expect(await mesh.metric(server, "response_total", failed)).toBe(1);
});
