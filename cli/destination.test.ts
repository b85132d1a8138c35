import { expect, test } from "bun:test";
import { connectHttp2 } from "#lib/http-io/http2-client.ts";
import { type Answer, endpoint, fakeDestination } from "../test/fake/destination.ts";
import { type Endpoint, watchEndpoints } from "./destination.ts";

async function ask(answer: Answer): Promise<readonly Endpoint[]> {
  const pair = fakeDestination(answer);
  const observer = { onAvailable: () => undefined, onClosed: () => undefined };
  const connection = connectHttp2(pair.a, observer, { now: () => 0 });
  const watched = watchEndpoints(connection, {
    authority: "web:80",
    token: "",
    settled: async (first) => {
      await pair.run();
      await first;
    },
  });
  return await watched;
}

test("endpoints are added, removed, and carry the labels of set and address", async () => {
  const v6 = {
    addr: {
      ip: { ip: { case: "ipv6" as const, value: { first: 0xfd00n << 48n, last: 1n } } },
      port: 1,
    },
    weight: 1,
  };
  const found = await ask({
    updates: [
      {
        update: {
          case: "add",
          value: {
            addrs: [endpoint(1, "a"), endpoint(2, "b"), v6],
            metricLabels: { service: "web" },
          },
        },
      },
      {
        update: {
          case: "remove",
          value: { addrs: [{ ip: { ip: { case: "ipv4", value: 0x0a000001 } }, port: 8080 }] },
        },
      },
    ],
  });
  expect(found).toEqual([
    {
      ip: "10.0.0.2",
      port: 8080,
      weight: 10_000,
      http2: true,
      labels: { service: "web", pod: "b" },
    },
    { ip: "fd00::1", port: 1, weight: 1, http2: false, labels: { service: "web" } },
  ]);
});

test("no endpoints is an answer, an error is told", async () => {
  expect(
    await ask({ updates: [{ update: { case: "noEndpoints", value: { exists: false } } }] }),
  ).toEqual([]);
  expect(await ask({ status: [3, "no such service"] }).then(String, String)).toContain(
    "Cannot get the endpoints of web:80: no such service",
  );
});
