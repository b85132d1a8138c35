/** Outbound HTTP: how long a request may take, how often it is tried, and which endpoints are left alone. */

import { expect } from "bun:test";
import { add, balanced, first, forwardTo, http1, httpRoute, ms, policy, tcp } from "../messages.ts";
import { reaches, refused, type Scene } from "../scene.ts";

const exact = (value: string): object => ({ path: { kind: { case: "exact", value } } });
const backoff = {
  minBackoff: ms(25),
  maxBackoff: ms(250),
  jitterRatio: 0.5,
  respectRetryAfterHint: true,
};

const TIMEOUTS: Scene = {
  name: "P35, ERR7: times of requests, responses and silence, and the old field where the new one is unset",
  run: async (bed) => {
    const silent = "10.77.2.21";
    bed.endpoint(silent, { answer: () => undefined });
    const backends = first({ backend: forwardTo(silent) });
    const old = { requestTimeout: ms(150) };
    bed.plane.sayOutbound(
      "10.77.1.21:80",
      http1(
        { matches: [exact("/request")], backends, timeouts: { request: ms(150) } },
        { matches: [exact("/response")], backends, timeouts: { response: ms(150) } },
        { matches: [exact("/idle")], backends, timeouts: { idle: ms(150) } },
        {
          matches: [exact("/old")],
          backends: first({ backend: forwardTo(silent), ...old }),
          ...old,
        },
        { matches: [exact("/asked")], backends, allowL5dRequestHeaders: true },
      ),
    );
    for (const path of ["/request", "/response", "/idle", "/old"])
      await refused(bed, "10.77.1.21", 504, { path });
    const headers = { "l5d-timeout": "150ms" };
    await refused(bed, "10.77.1.21", 504, { path: "/asked", headers });
  },
};

const RETRIES: Scene = {
  name: "P33, P19: what fails is tried again, within its limit, and where the client asks for it",
  run: async (bed) => {
    const flaky = "10.77.2.22";
    let failures = 0;
    const app = bed.endpoint(flaky, { answer: () => ({ status: failures-- > 0 ? 503 : 200 }) });
    const backends = first({ backend: forwardTo(flaky) });
    const retry = {
      maxRetries: 2,
      maxRequestBytes: 65_536,
      conditions: { statusRanges: [{ start: 500, end: 599 }] },
      timeout: ms(1000),
      backoff,
    };
    bed.plane.sayOutbound(
      "10.77.1.22:80",
      http1(
        { matches: [exact("/retry")], backends, retry },
        { matches: [exact("/asked")], backends, allowL5dRequestHeaders: true },
      ),
    );
    failures = 2;
    const body = "said again";
    await reaches(bed, "10.77.1.22", flaky, { path: "/retry", method: "POST", body });
    expect(app.heard.map((heard) => heard.body)).toEqual([body, body, body]);
    failures = 9;
    expect((await bed.ask("10.77.1.22", { path: "/retry" })).status).toBe(503);
    expect(app.heard.length).toBe(6);
    failures = 1;
    const headers = { "l5d-retry-http": "5xx" };
    expect((await bed.ask("10.77.1.22", { path: "/asked", headers })).status).toBe(200);
    failures = 1;
    expect((await bed.ask("10.77.1.22", { path: "/asked" })).status).toBe(503);
  },
};

/** A Service of a good and a bad endpoint whose protocol has this accrual; the bad one is left alone. */
async function ejects(
  bed: Parameters<Scene["run"]>[0],
  { service, good, bad }: { service: string; good: string; bad: string },
  how: { readonly protocol: "http1" | "http2"; readonly kind: object; readonly beside?: object },
): Promise<void> {
  const path = `${service.replaceAll(".", "-")}.ns.svc.cluster.local:80`;
  bed.endpoint(good);
  const broken = bed.endpoint(bad, { answer: () => ({ status: 500 }) });
  bed.plane.sayEndpoints(
    path,
    add([good, bad].map((ip) => ({ addr: tcp(ip, 8080), weight: 10_000 }))),
  );
  const rules = [{ backends: first({ backend: balanced(path) }) }];
  const failureAccrual = { kind: how.kind, ...how.beside };
  const value = { routes: [httpRoute("route", rules)], failureAccrual };
  bed.plane.sayOutbound(`${service}:80`, policy({ case: how.protocol, value }));
  const ask = () => bed.ask(service, { protocol: how.protocol });
  await bed.until(async () => {
    await ask();
    return broken.heard.length >= 3;
  }, "the bad endpoint is never asked");
  const before = broken.heard.length;
  const answers = await Promise.all(Array.from({ length: 8 }, ask));
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 200));
  expect(broken.heard.length).toBe(before);
}

const LONG = { minBackoff: ms(60_000), maxBackoff: ms(60_000), jitterRatio: 0.5 };

const ACCRUAL: Scene = {
  name: "P36, P37: endpoints that fail in a row, or too often, are left alone",
  run: async (bed) => {
    await ejects(
      bed,
      { service: "10.77.1.23", good: "10.77.2.23", bad: "10.77.2.24" },
      {
        protocol: "http1",
        kind: { case: "consecutiveFailures", value: { maxFailures: 3, backoff: LONG } },
        beside: { ejection: { minReadyEndpoints: 1 } },
      },
    );
    const unified = {
      ...{ successRateThreshold: 0.8, decay: ms(10_000), minRequests: 3 },
      ...{ maxConsecutiveFailures: 50, backoff: LONG },
    };
    await ejects(
      bed,
      { service: "10.77.1.25", good: "10.77.2.25", bad: "10.77.2.26" },
      { protocol: "http2", kind: { case: "unified", value: unified } },
    );
  },
};

/** All. */
export const RELIABILITY: readonly Scene[] = [TIMEOUTS, RETRIES, ACCRUAL];
