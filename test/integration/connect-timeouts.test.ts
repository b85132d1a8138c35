import { afterAll, beforeAll, expect, test } from "bun:test";
import { FakeMesh, type FakePod, until } from "../fake/mesh.ts";
import { http1Policy, OutboundBed } from "../fake/outbound-bed.ts";
import { PassingClock } from "../fake/passing-clock.ts";
import { type StuckPort, stuckPort } from "../fake/stuck-port.ts";

const clock = new PassingClock();
const mesh = new FakeMesh(clock);
let pod: FakePod;
let stuck: StuckPort;

beforeAll(async () => {
  stuck = await stuckPort();
  pod = await mesh.start("client.test", { LINKERD2_PROXY_INBOUND_HTTP_FAILFAST_TIMEOUT: "1h" });
  pod.target = { ip: "127.0.0.1", port: stuck.port };
});
afterAll(async () => {
  await mesh.stop();
  stuck.release();
});

/** How long it takes, in steps of a quarter of a second, until a request is answered; and how. */
async function answered(port: number): Promise<{ readonly ms: number; readonly answer: Response }> {
  let answer: Response | undefined;
  const { headers } = { headers: { host: "web.test" } };
  const asked = fetch(`http://127.0.0.1:${port}/`, { keepalive: false, headers });
  asked.then(
    (response) => {
      answer = response;
    },
    () => undefined,
  );
  let ms = 0;
  await until(
    async () => {
      if (answer === undefined) {
        await clock.pass(250);
        ms += 250;
      }
      return answer !== undefined;
    },
    () => `no answer after ${ms} ms`,
  );
  return { ms, answer: await asked };
}

test("P42, ERR9: an application that is not reached within 300 ms is 504", async () => {
  const { ms, answer } = await answered(pod.proxy.inboundPort);
  expect(answer.status).toBe(504);
  expect(ms).toBeGreaterThanOrEqual(500);
});

test("P42, ERR9: an endpoint that is not reached within a second is left, and the last one of them is 504", async () => {
  const { ms, answer } = await answered(pod.proxy.outboundPort);
  expect(answer.status).toBe(504);
  expect(ms).toBeGreaterThanOrEqual(1000);
  expect(answer.headers.get("l5d-proxy-connection")).toBe("close");
});

test("E2, P32, P35: an endpoint that is not reached is left also where its request had less time than that", async () => {
  const BACKOFF = "LINKERD2_PROXY_OUTBOUND_CONNECT_EXP_BACKOFF";
  const bed = new OutboundBed(clock);
  await bed.start({ [`${BACKOFF}_MIN`]: "1h", [`${BACKOFF}_MAX`]: "1h" });
  const timeouts = { request: { seconds: 0n, nanos: 500_000_000 } };
  bed.proxy.target = bed.service(http1Policy({ timeouts }), `127.0.0.1:${stuck.port}`);
  const pending = (): Promise<number> =>
    bed.mesh.metric(bed.proxy, "outbound_http_balancer_endpoints", 'endpoint_state="pending"');
  const { ms, answer } = await answered(bed.proxy.proxy.outboundPort);
  expect([answer.status, ms < 1000, await pending()]).toEqual([504, true, 0]);
  await clock.pass(1000);
  expect(await pending()).toBe(1);
  await bed.stop();
});
