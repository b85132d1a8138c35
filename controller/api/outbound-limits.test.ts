import { expect, test } from "bun:test";
import { backendsOf, ruleOf, seconds } from "../../test/fake/outbound-answer.ts";
import { OutboundWorld, rules } from "../../test/fake/outbound-world.ts";

const BREAKER = "balancer.linkerd.io/failure-accrual";
const ALPHA = "balancer.alpha.linkerd.io/";

test("OUT8, OUT13: rules without retries or limits of their own have the Service's", () => {
  const world = new OutboundWorld();
  const { newest } = world.watch();
  world.putService("web", {
    annotations: {
      "retry.linkerd.io/http": "5xx",
      "timeout.linkerd.io/request": "5s",
      "timeout.linkerd.io/response": "4s",
      "timeout.linkerd.io/idle": "3s",
    },
  });
  const limits = () => {
    const { timeouts, requestTimeout, retry } = ruleOf(newest()) ?? {};
    const of = [timeouts?.request, timeouts?.response, timeouts?.idle, requestTimeout];
    return [...of.map(seconds), retry?.maxRetries, retry?.conditions?.statusRanges.length];
  };
  expect(limits()).toEqual([5, 4, 3, 5, 1, 1]);
  world.put("httpRoutes", "r", rules({}));
  expect(limits()).toEqual([5, 4, 3, 5, 1, 1]);
  world.put("httpRoutes", "r", rules({ timeouts: { request: "7s" } }));
  expect(limits()).toEqual([7, undefined, undefined, 7, 1, 1]);
  world.put("httpRoutes", "r", rules({ timeouts: { request: "0s" } }));
  expect(limits()).toEqual([undefined, undefined, undefined, undefined, 1, 1]);
  const annotations = { "timeout.linkerd.io/request": "9s", "retry.linkerd.io/limit": "2" };
  world.put("httpRoutes", "r", rules({ timeouts: { request: "7s" } }), { annotations });
  expect(limits()).toEqual([9, undefined, undefined, 9, 2, 0]);
});

test("OUT7, OUT13: circuit breaking and load by the Service's annotations", () => {
  const world = new OutboundWorld();
  const { newest } = world.watch();
  const penalize = { [`${ALPHA}penalize-failures`]: "true" };
  world.putService("web", { annotations: { [BREAKER]: "consecutive", ...penalize } });
  const detect = newest().protocol?.kind;
  if (detect?.case !== "detect") throw new Error(`not detected: ${detect?.case}`);
  expect(detect.value.http1?.failureAccrual).toMatchObject({
    kind: {
      case: "consecutiveFailures",
      value: {
        maxFailures: 7,
        backoff: {
          minBackoff: { seconds: 1n },
          maxBackoff: { seconds: 60n },
          jitterRatio: 0.5,
          respectRetryAfterHint: false,
        },
      },
    },
  });
  expect(detect.value.http2?.failureAccrual).toEqual(detect.value.http1?.failureAccrual);
  expect(backendsOf(newest())[0]?.backend?.kind.value).toMatchObject({
    load: {
      case: "penaltyPeakEwma",
      value: {
        penalty: { seconds: 5n },
        maxRetryAfter: { seconds: 300n },
        penaltyDecay: { seconds: 10n },
      },
    },
  });
  expect(detect.value.opaque?.routes[0]?.rules[0]?.backends?.kind.value).toMatchObject({
    backends: [{ backend: { kind: { value: { load: { case: "peakEwma" } } } } }],
  });
  const honor = { [`${ALPHA}failure-accrual-honor-retry-after`]: "true" };
  world.putService("web", {
    annotations: { [BREAKER]: "unified", ...honor },
    ports: [{ port: 80, appProtocol: "http" }],
  });
  const http1 = newest().protocol?.kind;
  expect(http1?.case === "http1" && http1.value.failureAccrual).toMatchObject({
    kind: {
      case: "unified",
      value: {
        ...{ successRateThreshold: 0.8, minRequests: 5, maxConsecutiveFailures: 7 },
        decay: { seconds: 10n },
        backoff: { respectRetryAfterHint: true },
      },
    },
  });
});

test.each([
  "timeout.linkerd.io/request",
  "timeout.linkerd.io/idle",
  "retry.linkerd.io/timeout",
  `${BREAKER}-consecutive-max-penalty`,
  `${ALPHA}load-biaser-penalty`,
])("OUT13: %s of more than a message can say is told, and what is watched goes on", (key) => {
  const world = new OutboundWorld();
  const { newest, call } = world.watch();
  const annotations = {
    [key]: "99999999999999999999s",
    ...{ [BREAKER]: "consecutive", [`${ALPHA}penalize-failures`]: "true" },
  };
  world.putService("web", { annotations });
  expect(world.faults).toEqual([
    `services shop/web: annotation ${key} cannot be read: 99999999999999999999s`,
  ]);
  expect(call.ended).toBeUndefined();
  world.putService("web", { annotations: { "timeout.linkerd.io/request": "5s" } });
  expect(seconds(ruleOf(newest())?.requestTimeout)).toBe(5);
});

test("what of annotations and of routes of connections cannot be read is told", () => {
  const world = new OutboundWorld();
  world.putService("web", { annotations: { "retry.linkerd.io/limit": "many" } });
  world.put("httpRoutes", "r", rules({}), { annotations: { "timeout.linkerd.io/idle": "x" } });
  world.put("tcpRoutes", "t", rules({ matches: [] }));
  expect(world.faults).toEqual([
    "services shop/web: annotation retry.linkerd.io/limit cannot be read: many",
    "httproutes.gateway.networking.k8s.io shop/r: annotation timeout.linkerd.io/idle cannot be read: x",
    "tcproutes.gateway.networking.k8s.io shop/t: spec.rules[0].matches is not known",
  ]);
});
