import { afterAll, beforeAll, expect, test } from "bun:test";
import { until } from "../fake/mesh.ts";
import { http1Policy, OutboundBed } from "../fake/outbound-bed.ts";

const bed = new OutboundBed();
let app: string;
/** Requests that the application was asked and whose caller has gone since. */
const abandoned: string[] = [];
const started: string[] = [];
let asked: Readonly<Record<string, string | string[] | undefined>> = {};

beforeAll(async () => {
  await bed.start();
  app = await bed.app((request, response) => {
    const { url = "" } = request;
    asked = request.headers;
    started.push(url);
    response.on("close", () => {
      if (!response.writableEnded) abandoned.push(url);
    });
    if (url === "/fast") response.end("done");
    if (url.startsWith("/begins")) response.write("first");
    if (url.startsWith("/drips")) {
      let left = 8;
      const drip = (): void => {
        response.write("drop");
        if (--left > 0) timers.add(setTimeout(drip, 20));
        else response.end();
      };
      drip();
    }
  });
});
const timers = new Set<NodeJS.Timeout>();
afterAll(async () => {
  for (const timer of timers) clearTimeout(timer);
  await bed.stop();
});

const ms = (millis: number) => ({ seconds: 0n, nanos: millis * 1_000_000 });
const limited = (timeouts: object, over: object = {}) =>
  bed.service(http1Policy({ timeouts, ...over }), app);
const fails = (promise: Promise<unknown>): Promise<boolean> =>
  promise.then(
    () => false,
    () => true,
  );
const wasAbandoned = (url: string): Promise<void> =>
  until(
    () => abandoned.includes(url),
    () => `the application still works on ${url}`,
  );

test.each(["request", "response", "idle"])(
  "P35, ERR7, E3: an answer that does not come within the %s timeout is 504, its connection stays, and the application hears it",
  async (kind) => {
    const url = `/hangs-${kind}`;
    const response = await bed.call(limited({ [kind]: ms(100) }), url);
    expect([response.status, response.headers.get("l5d-proxy-error")]).toEqual([
      504,
      `${kind} timeout`,
    ]);
    expect(response.headers.get("connection")).not.toBe("close");
    await wasAbandoned(url);
    expect(
      await bed.mesh.metric(bed.proxy, "outbound_http_errors_total", 'error="response timeout"'),
    ).toBeGreaterThan(0);
  },
);

test.each(["request", "response", "idle"])(
  "P35: an answer that has begun and does not end within the %s timeout breaks off",
  async (kind) => {
    const url = `/begins-${kind}`;
    const response = await bed.call(limited({ [kind]: ms(100) }), url);
    expect(response.status).toBe(200);
    expect(await fails(response.text())).toBe(true);
    await wasAbandoned(url);
  },
);

test("P35: the idle timeout lets whatever goes on go on, the others do not", async () => {
  const body = await (await bed.call(limited({ idle: ms(100) }), "/drips-idle")).text();
  expect(body).toBe("drop".repeat(8));
  const late = await bed.call(limited({ request: ms(100) }), "/drips-request");
  expect(await fails(late.text())).toBe(true);
  await wasAbandoned("/drips-request");
});

test("P35: answers in time are not touched", async () => {
  const service = limited({ request: ms(500), response: ms(500), idle: ms(500) });
  for (let count = 0; count < 20; count++)
    expect(await (await bed.call(service, "/fast")).text()).toBe("done");
});

test("P19, HDR9: headers say a request's time where policy lets them, and go no further", async () => {
  const open = limited({}, { allowL5dRequestHeaders: true });
  const headers = { "l5d-timeout": "10s", "l5d-request-timeout": "100ms" };
  const response = await bed.call(open, "/hangs-header", { headers });
  expect([response.status, response.headers.get("l5d-proxy-error")]).toEqual([
    504,
    "request timeout",
  ]);
  const answer = { "l5d-response-timeout": "100ms" };
  expect((await bed.call(open, "/hangs-answer", { headers: answer })).status).toBe(504);
  await bed.call(open, "/fast", { headers });
  expect(Object.keys(asked).filter((name) => name.startsWith("l5d-"))).toEqual([]);
  const shut = limited({ request: ms(100) });
  await bed.call(shut, "/fast", { headers });
  expect(asked["l5d-timeout"]).toBe("10s");
});

test("P35: a request whose caller gives up before its time is over leaves nothing behind", async () => {
  const service = limited({ request: ms(2000) });
  const controller = new AbortController();
  const call = bed.call(service, "/hangs-cancelled", { signal: controller.signal });
  await until(
    () => started.includes("/hangs-cancelled"),
    () => "the application is not asked",
  );
  controller.abort();
  expect(await fails(call)).toBe(true);
  await wasAbandoned("/hangs-cancelled");
});
