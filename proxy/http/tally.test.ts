import { expect, test } from "bun:test";
import { HeaderList } from "#lib/http/headers.ts";
import { writeExposition } from "#lib/metrics/exposition.ts";
import { parseExposition } from "#lib/metrics/parse.ts";
import { Registry } from "#lib/metrics/registry.ts";
import { HttpMetrics } from "../telemetry/http-metrics.ts";
import { routeFamilies } from "../telemetry/route-metrics.ts";
import { Tally } from "./tally.ts";

function setup() {
  const registry = new Registry();
  const metrics = routeFamilies(registry).http;
  const clock = { ms: 0, now: () => clock.ms };
  const [route, a, b] = [
    metrics.route({}),
    metrics.backend({ b: "a" }),
    metrics.backend({ b: "b" }),
  ];
  const tally = new Tally(clock);
  tally.enter(route);
  const told = (name: string, labels = "") =>
    parseExposition(writeExposition(registry, { nowMs: 0, retainIdleMs: 1 }))
      .filter((sample) => sample.name === `outbound_http_route_${name}`)
      .filter((sample) => JSON.stringify(sample.labels).includes(labels))
      .map(({ value, labels: { http_status: status, error, b: backend } }) =>
        [backend, status, error, value].filter((each) => each !== undefined).join(" "),
      );
  return { clock, tally, a, b, told };
}

const FAILFAST = { status: 0, grpcStatus: -1, fault: "FAIL_FAST" } as const;
const OK = { status: 200, grpcStatus: -1, fault: "" } as const;

test("MET23, MET27, MET28: the whole request is timed from its start, each try from when the request was whole", () => {
  const { clock, tally, a, b, told } = setup();
  tally.dispatch(a, false);
  clock.ms = 1000;
  tally.requestEnded();
  clock.ms = 1500;
  tally.tried({ ...OK, status: 503 });
  clock.ms = 2000;
  tally.dispatch(b, true);
  clock.ms = 2250;
  tally.status = 200;
  tally.ended(false);
  expect(told("request_duration_seconds_sum")).toEqual(["2.25"]);
  expect(told("backend_response_duration_seconds_sum")).toEqual(["a 0.5", "b 0.25"]);
  expect(told("backend_requests_total")).toEqual(["a 1", "b 1"]);
  expect(told("request_statuses_total")).toEqual(["200  1"]);
  expect(told("backend_response_statuses_total")).toEqual(["a 503  1", "b 200  1"]);
});

test("MET25, MET30: frames are counted where they go", () => {
  const { tally, a, told } = setup();
  tally.dispatch(a, false);
  tally.requestBytes(100);
  tally.responseBytes(2000);
  tally.responseBytes(20_000);
  expect(told("request_frame_size_bytes_sum")).toEqual(["100"]);
  expect(told("backend_response_frame_size_bytes_sum", "a")).toEqual(["a 22000"]);
  expect(told("backend_response_frame_size_bytes_bucket", "10240")).toEqual(["a 1", "b 0"]);
});

test("MET28: a request whose body never ended took its backend no time", () => {
  const { clock, tally, a, told } = setup();
  tally.dispatch(a, false);
  clock.ms = 700;
  tally.status = 200;
  tally.ended(false);
  expect(told("backend_response_duration_seconds_sum", "a")).toEqual(["a 0"]);
});

test("MET24: what a client gives up counts once there is an answer, what breaks off by what broke it", () => {
  const before = setup();
  before.tally.dispatch(before.a, true);
  before.tally.cancelled();
  before.tally.ended(true);
  expect(before.told("request_statuses_total")).toEqual([]);
  const after = setup();
  after.tally.dispatch(after.a, true);
  after.tally.status = 200;
  after.tally.cancelled();
  after.tally.ended(true);
  expect(after.told("request_statuses_total")).toEqual(["200 UNKNOWN 1"]);
  const late = setup();
  late.tally.dispatch(late.a, true);
  late.tally.broken("idle", "HTTP/1.1");
  late.tally.ended(true);
  expect(late.told("backend_response_statuses_total")).toEqual(["a  IDLE_TIMEOUT 1"]);
  const none = setup();
  none.tally.failed(FAILFAST, { status: 504, headers: new HeaderList() });
  none.tally.ended(false);
  expect(none.told("request_statuses_total")).toEqual([" FAIL_FAST 1"]);
});

/** A request, and endpoints that it may go to; what is counted of each. */
function endpoints() {
  const registry = new Registry();
  const metrics = new HttpMetrics(registry);
  const counts = (): readonly string[] =>
    parseExposition(writeExposition(registry, { nowMs: 0, retainIdleMs: 1 }))
      .filter(({ name, value }) => /^re(quest|sponse)_total$/.test(name) && value > 0)
      .map(({ name, value, labels: { e: endpoint, status_code: status = "-" } }) =>
        name === "request_total"
          ? `${endpoint} ${value}`
          : `${endpoint} answers ${status} ${value}`,
      );
  const tally = new Tally({ now: () => 0 });
  return { tally, a: metrics.scope({ e: "a" }), b: metrics.scope({ e: "b" }), counts };
}

test("MET1, MET2: a request that is lost and sent again is one request of an endpoint, or a failure of the first", () => {
  const same = endpoints();
  same.tally.scope = same.a;
  same.tally.sent(0);
  same.tally.sent(0);
  same.tally.status = 200;
  same.tally.ended(false);
  expect(same.counts()).toEqual(["a 1", "a answers 200 1"]);
  const other = endpoints();
  other.tally.scope = other.a;
  other.tally.sent(0);
  other.tally.scope = other.b;
  other.tally.sent(0);
  other.tally.status = 200;
  other.tally.ended(false);
  expect(other.counts()).toEqual(["a 1", "b 1", "a answers - 1", "b answers 200 1"]);
});

test("MET1, MET2: a request that no connection could be had for is one of the endpoint that it failed at", () => {
  const { tally, a, b, counts } = endpoints();
  tally.scope = a;
  tally.sent(0);
  tally.scope = b;
  tally.status = 502;
  tally.ended(false);
  expect(counts()).toEqual(["a 1", "b 1", "a answers - 1", "b answers 502 1"]);
});

test("MET1, MET2: a request that is given up between two tries adds no response to theirs", () => {
  const { tally, a, counts } = endpoints();
  tally.scope = a;
  tally.sent(0);
  tally.tried({ ...OK, status: 503 });
  expect(counts()).toEqual(["a 1", "a answers 503 1"]);
  tally.sent(5);
  tally.tried({ status: 0, grpcStatus: -1, fault: "RESPONSE_HEADERS_TIMEOUT" });
  const both = counts();
  tally.status = 504;
  tally.ended(false);
  expect(counts()).toEqual(both);
  expect(both).toEqual(["a 2", "a answers 503 1", "a answers - 1"]);
});
