/** Outbound gRPC: routes by service and method, filters, retries and times. */

import { expect } from "bun:test";
import {
  bytes,
  first,
  forwardTo,
  headers,
  ms,
  nobody,
  policy,
  random,
  resource,
} from "../messages.ts";
import { reaches, refused, type Scene } from "../scene.ts";

const [A, B] = ["10.77.2.31", "10.77.2.32"] as const;
const SERVICE = "10.77.1.31";
const rpc = (service: string, method: string): object => ({ rpc: { service, method } });
const filter = (kind: string, value: object): object => ({ kind: { case: kind, value } });
const grpcRoute = (rules: readonly object[], hosts: readonly object[] = []): object => ({
  metadata: resource("GRPCRoute", "route", "gateway.networking.k8s.io"),
  hosts,
  rules,
});
const call = (path: string, fields = {}) => ({ protocol: "grpc" as const, path, headers: fields });

const MATCHES: Scene = {
  name: "P15, P24, ERR15: gRPC by service, method and header, with filters",
  run: async (bed) => {
    const app = bed.endpoint(A);
    bed.endpoint(B);
    const to = (ip: string): object => first({ backend: forwardTo(ip) });
    const header = { name: "x-v", value: { case: "exact", value: bytes("one") } };
    const modifier = { add: headers({ "x-add": "rule" }), set: headers({}), remove: ["x-gone"] };
    const failure = { code: 9, message: "as scripted", ratio: { numerator: 1, denominator: 1 } };
    const backend = { backend: forwardTo(B), filters: [filter("requestHeaderModifier", modifier)] };
    const weighted = { backend, weight: 1 };
    const rules = [
      { matches: [rpc("pkg.A", "Do")], backends: to(A) },
      { matches: [rpc("pkg.B", "")], backends: random(weighted) },
      { matches: [{ ...rpc("pkg.C", "Do"), headers: [header] }], backends: to(B) },
      {
        matches: [rpc("pkg.C", "Do")],
        filters: [filter("requestHeaderModifier", modifier)],
        backends: to(A),
      },
      {
        matches: [rpc("pkg.F", "Do")],
        filters: [filter("failureInjector", failure)],
        backends: to(A),
      },
      { matches: [rpc("pkg.N", "Do")], backends: nobody },
    ];
    const exact = { match: { case: "exact", value: "other.test" } };
    const routes = [grpcRoute(rules), grpcRoute([{ backends: to(B) }], [exact])];
    bed.plane.sayOutbound(`${SERVICE}:80`, policy({ case: "grpc", value: { routes } }));
    await reaches(bed, SERVICE, A, call("/pkg.A/Do"));
    await reaches(bed, SERVICE, B, call("/pkg.B/Any"));
    await reaches(bed, SERVICE, B, call("/pkg.C/Do", { "x-v": "one" }));
    await reaches(bed, SERVICE, A, call("/pkg.C/Do", { "x-gone": "there" }));
    expect(app.heard.at(-1)?.headers).toMatchObject({ "x-add": "rule" });
    expect(app.heard.at(-1)?.headers["x-gone"]).toBeUndefined();
    const failed = await refused(bed, SERVICE, 200, call("/pkg.F/Do"));
    expect(failed.headers).toMatchObject({ "grpc-status": "9", "grpc-message": "as scripted" });
    const unknown = await refused(bed, SERVICE, 200, call("/pkg.X/Do"));
    expect(unknown.headers["grpc-status"]).toBe("5");
    const none = await refused(bed, SERVICE, 200, call("/pkg.N/Do"));
    expect(none.headers["grpc-status"]).not.toBe("0");
    await reaches(bed, SERVICE, B, { ...call("/pkg.X/Do"), name: "other.test" });
  },
};

const RETRIES: Scene = {
  name: "P33, P35, P36: gRPC is tried again by its status, and ends with DEADLINE_EXCEEDED",
  run: async (bed) => {
    const flaky = "10.77.2.33";
    let status = "14";
    const app = bed.endpoint(flaky, {
      answer: ({ path }) =>
        path.endsWith("Never") ? undefined : { trailers: { "grpc-status": status } },
    });
    const conditions = {
      ...{ cancelled: true, deadineExceeded: true, resourceExhausted: true },
      ...{ internal: true, unavailable: true },
    };
    const backoff = { minBackoff: ms(25), maxBackoff: ms(250), jitterRatio: 1 };
    const retry = {
      ...{ maxRetries: 2, maxRequestBytes: 65_536, conditions, backoff, timeout: ms(1000) },
    };
    const old = { requestTimeout: ms(150) };
    const backends = first({ backend: forwardTo(flaky), ...old });
    const rules = [
      { matches: [rpc("pkg.R", "")], backends, retry, allowL5dRequestHeaders: true },
      { matches: [rpc("pkg.T", "Never")], backends, timeouts: { request: ms(150) } },
      { matches: [rpc("pkg.O", "Never")], backends, ...old },
    ];
    const failureAccrual = {
      kind: { case: "consecutiveFailures", value: { maxFailures: 100, backoff } },
    };
    const value = { routes: [grpcRoute(rules)], failureAccrual };
    bed.plane.sayOutbound("10.77.1.33:80", policy({ case: "grpc", value }));
    const statusOf = async (path: string): Promise<string | undefined> =>
      (await bed.ask("10.77.1.33", call(path))).headers["grpc-status"];
    expect(await statusOf("/pkg.R/Do")).toBe("14");
    expect(app.heard.length).toBe(3);
    status = "3";
    expect(await statusOf("/pkg.R/Do")).toBe("3");
    expect(app.heard.length).toBe(4);
    expect(await statusOf("/pkg.T/Never")).toBe("4");
    expect(await statusOf("/pkg.O/Never")).toBe("4");
  },
};

/** All. */
export const GRPC: readonly Scene[] = [MATCHES, RETRIES];
