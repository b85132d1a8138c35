import { afterAll, beforeAll, expect, test } from "bun:test";
import type { ServerResponse } from "node:http";
import type { FakeBackend } from "../fake/control-plane.ts";
import { until } from "../fake/mesh.ts";
import {
  first,
  METADATA,
  OutboundBed,
  type PolicyMessage,
  policyOf,
} from "../fake/outbound-bed.ts";

const bed = new OutboundBed();

/** An application that can be made to fail, and to hold its answers back. */
class App {
  status = 200;
  /** How long it takes over an answer. */
  tookMs = 0;
  held: ServerResponse[] | undefined;
  asked = 0;
  addr = "";

  async start(): Promise<this> {
    this.addr = await bed.app((_, response) => {
      this.asked++;
      const answer = (): unknown => response.writeHead(this.status).end();
      if (this.held !== undefined) this.held.push(response);
      else if (this.tookMs > 0) setTimeout(answer, this.tookMs);
      else answer();
    });
    return this;
  }

  /** Answers what was held back, and from now on everything. */
  release(): void {
    for (const response of this.held ?? []) response.writeHead(this.status).end();
    this.held = undefined;
  }
}

beforeAll(() => bed.start());
afterAll(() => bed.stop());

const ms = (millis: number) => ({
  seconds: BigInt(Math.floor(millis / 1000)),
  nanos: (millis % 1000) * 1_000_000,
});
const backoff = (least: number, most = least) => ({ minBackoff: ms(least), maxBackoff: ms(most) });
const breaking =
  (failureAccrual: object, over: object = {}) =>
  (backend: FakeBackend): PolicyMessage =>
    policyOf({
      case: "http1",
      value: {
        failureAccrual,
        routes: [{ metadata: METADATA, rules: [{ backends: first({ backend }), ...over }] }],
      },
    });
const consecutive = (maxFailures: number, waits: object) => ({
  kind: { case: "consecutiveFailures", value: { maxFailures, backoff: waits } },
});
const statusOf = async (service: { ip: string; port: number }): Promise<number> => {
  const response = await bed.call(service);
  await response.text();
  return response.status;
};

test("P36, E7: an endpoint that fails is left alone, and comes back when a probe shows that it is well", async () => {
  const [well, ill] = [await new App().start(), await new App().start()];
  ill.status = 500;
  const service = bed.service(breaking(consecutive(3, backoff(300, 600))), well.addr, ill.addr);
  const startMs = performance.now();
  let failed = 0;
  const ask = async (): Promise<void> => {
    if ((await statusOf(service)) === 500) failed++;
  };
  while (ill.asked < 3) await ask();
  for (let request = 0; request < 150; request++) await ask();
  // Three in a row, and one for each wait that has passed since.
  const waits = Math.floor((performance.now() - startMs) / 300);
  expect(failed).toBe(ill.asked);
  expect(ill.asked).toBeLessThanOrEqual(3 + waits);
  ill.status = 200;
  const before = ill.asked;
  await until(
    async () => (await statusOf(service)) === 200 && ill.asked > before + 3,
    () => "the endpoint does not come back",
  );
});

test("P36: how long an endpoint took while it failed does not keep it away once it is well", async () => {
  const [well, ill] = [await new App().start(), await new App().start()];
  [ill.status, ill.tookMs] = [500, 400];
  const service = bed.service(breaking(consecutive(1, backoff(300))), well.addr, ill.addr);
  while (ill.asked === 0) await statusOf(service);
  [ill.status, ill.tookMs] = [200, 0];
  await until(
    async () => (await statusOf(service)) === 200 && ill.asked > 1 + 3,
    () => "the endpoint does not come back",
  );
});

test("P36: while an endpoint is tried out, one request goes there and no other, however many want to", async () => {
  const app = await new App().start();
  app.status = 503;
  const service = bed.service(breaking(consecutive(2, backoff(250))), app.addr);
  expect([await statusOf(service), await statusOf(service)]).toEqual([503, 503]);
  app.held = [];
  app.status = 200;
  const waiting = Array.from({ length: 20 }, () => statusOf(service));
  await until(
    () => app.asked === 3,
    () => "no probe comes",
  );
  // Whatever else could go there would have been woken with it.
  expect([app.asked, app.held.length]).toEqual([3, 1]);
  app.release();
  expect(await Promise.all(waiting)).toEqual(new Array<number>(20).fill(200));
});

test("P36: a probe whose caller goes away makes room for the next", async () => {
  const app = await new App().start();
  app.status = 503;
  const service = bed.service(breaking(consecutive(1, backoff(100))), app.addr);
  expect(await statusOf(service)).toBe(503);
  app.held = [];
  app.status = 200;
  const controller = new AbortController();
  const gone = bed.call(service, "/", { signal: controller.signal }).then(
    () => "answered",
    () => "gone",
  );
  await until(
    () => app.asked === 2,
    () => "no probe comes",
  );
  controller.abort();
  expect(await gone).toBe("gone");
  app.held = undefined;
  expect(await statusOf(service)).toBe(200);
});

test("P37: too low a share of successes shuts an endpoint, 429 counting against it", async () => {
  const app = await new App().start();
  const unified = {
    kind: {
      case: "unified",
      value: {
        ...{ successRateThreshold: 0.8, minRequests: 5, maxConsecutiveFailures: 0 },
        backoff: backoff(60_000),
      },
    },
  };
  const service = bed.service(breaking(unified), app.addr);
  for (let request = 0; request < 4; request++) expect(await statusOf(service)).toBe(200);
  app.status = 429;
  expect([await statusOf(service), await statusOf(service)]).toEqual([429, 429]);
  expect([await statusOf(service), app.asked]).toEqual([504, 6]);
});

test("P33, P36: a request that an endpoint failed is tried on the one that is left", async () => {
  const [well, ill] = [await new App().start(), await new App().start()];
  ill.status = 500;
  const retry = {
    ...{ maxRetries: 4, maxRequestBytes: 0 },
    conditions: { statusRanges: [{ start: 500, end: 500 }] },
  };
  const service = bed.service(
    breaking(consecutive(1, backoff(60_000)), { retry }),
    well.addr,
    ill.addr,
  );
  for (let request = 0; request < 40; request++) expect(await statusOf(service)).toBe(200);
  expect(ill.asked).toBeLessThanOrEqual(1);
});
