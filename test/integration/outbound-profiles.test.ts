import { afterAll, beforeAll, expect, test } from "bun:test";
import { http1Policy, OutboundBed, type PolicyMessage } from "../fake/outbound-bed.ts";

const bed = new OutboundBed();
/** What the application was asked. */
const seen: string[] = [];
/** What it answers to the next requests, then 200; 0 is nothing at all. */
const statuses: number[] = [];
let app: string;
let services = 0;
let other: string;

beforeAll(async () => {
  await bed.start();
  app = await bed.app((request, response) => {
    request.resume().on("end", () => {
      seen.push(request.url ?? "");
      const status = statuses.shift() ?? 200;
      if (status > 0) response.writeHead(status).end("app");
    });
  });
  other = await bed.app((_, response) => response.end("other"));
});
afterAll(() => bed.stop());

const path = (regex: string) => ({ match: { case: "path" as const, value: { regex } } });
const retryBudget = { retryRatio: 0.2, minRetriesPerSecond: 10, ttl: { seconds: 10n } };
type Profile = Parameters<OutboundBed["profile"]>[1];

/** A Service whose policy fails everything, so that what is answered is the profile's word. */
function profiled(profile: Profile): {
  readonly ip: string;
  readonly port: number;
  readonly path: string;
} {
  const failure = { kind: { case: "failureInjector", value: { status: 418, message: "policy" } } };
  // A name of its own: Services of one name share a budget, which another test may have spent.
  const kind = { case: "default" as const, value: `test-${++services}` };
  const service = bed.service(
    (backend) =>
      ({ ...http1Policy({ filters: [failure] })(backend), metadata: { kind } }) as PolicyMessage,
    app,
  );
  bed.profile(service, {
    fullyQualifiedName: service.path.replace(":80", ""),
    retryBudget,
    ...profile,
  } as Profile);
  return service;
}

async function ask(
  service: { ip: string; port: number },
  asked: string,
  ...answers: readonly number[]
): Promise<Response> {
  statuses.splice(0, statuses.length, ...answers);
  seen.splice(0);
  return bed.call(service, asked);
}

test("P23, P34, MET6: a profile's retryable routes are tried again within its budget, the others once", async () => {
  const service = profiled({
    routes: [
      { condition: path("/once.*") },
      { condition: path("/.*"), isRetryable: true, metricsLabels: { route: "all" } },
    ],
  });
  expect([(await ask(service, "/again", 500, 503, 502)).status, seen.length]).toEqual([200, 4]);
  expect([(await ask(service, "/once/x", 500)).status, seen.length]).toEqual([500, 1]);
  expect(await bed.mesh.metric(bed.proxy, "route_retryable_total", 'rt_route="all"')).toBe(3);
  const all = new Array<number>(1000).fill(500);
  expect((await ask(service, "/again", ...all)).status).toBe(500);
  expect(seen.length).toBeLessThan(20);
  expect(
    await bed.mesh.metric(bed.proxy, "route_retryable_total", 'skipped="no_budget"'),
  ).toBeGreaterThan(0);
});

test("P34: response classes say what failed", async () => {
  const classOf = (status: number, isFailure: boolean) => ({
    condition: { match: { case: "status" as const, value: { min: status, max: status } } },
    isFailure,
  });
  const service = profiled({
    routes: [
      {
        condition: path("/.*"),
        isRetryable: true,
        responseClasses: [classOf(409, true), classOf(500, false)],
      },
    ],
  });
  expect([(await ask(service, "/", 409)).status, seen.length]).toEqual([200, 2]);
  expect([(await ask(service, "/", 500)).status, seen.length]).toEqual([500, 1]);
});

test("P35, ERR8: an answer that does not begin within a profile's time is 504, and its connection closes", async () => {
  const service = profiled({
    routes: [{ condition: path("/.*"), timeout: { nanos: 100_000_000 } }],
  });
  const late = await ask(service, "/", 0);
  expect([late.status, late.headers.get("connection")]).toEqual([504, "close"]);
  expect((await ask(service, "/")).status).toBe(200);
});

test("P23: a profile leads requests elsewhere; one without routes leaves them to policy", async () => {
  const target = bed.service(http1Policy({}), other);
  const led = profiled({ dstOverrides: [{ authority: target.path, weight: 1 }] });
  expect(await (await ask(led, "/")).text()).toBe("other");
  expect((await ask(profiled({}), "/")).status).toBe(418);
});
