import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { FakeMesh, type FakePod, until } from "../fake/mesh.ts";

/** States of a connection, as `/proc/net/tcp` writes them. */
const ESTABLISHED = "01";
const TIME_WAIT = "06";

const mesh = new FakeMesh();
const app = createServer((_, response) => void response.end("hello"));
let pod: FakePod;
let port: number;

beforeAll(async () => {
  pod = await mesh.start("server.test", {
    LINKERD2_PROXY_INBOUND_HTTP1_CONNECTION_POOL_IDLE_TIMEOUT: "50ms",
  });
  await new Promise<void>((resolve) => app.listen(0, "127.0.0.1", resolve));
  port = (app.address() as AddressInfo).port;
  pod.target = { ip: "127.0.0.1", port };
});
afterAll(async () => {
  app.close();
  await mesh.stop();
});

/** Connections to the application that are in that state. */
function connections(state: string): number {
  const remote = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const rows = readFileSync("/proc/net/tcp", "utf8").trim().split("\n").slice(1);
  const fields = rows.map((row) => row.trim().split(/\s+/));
  return fields.filter((row) => row[2]?.endsWith(remote) === true && row[3] === state).length;
}

test("E21: a connection to the application that is no longer needed leaves no port in TIME_WAIT", async () => {
  const response = await fetch(`http://127.0.0.1:${pod.proxy.inboundPort}/`);
  expect(await response.text()).toBe("hello");
  expect(connections(ESTABLISHED)).toBe(1);
  await until(
    () => connections(ESTABLISHED) === 0,
    () => "the connection to the application stays open",
  );
  expect(connections(TIME_WAIT)).toBe(0);
});
