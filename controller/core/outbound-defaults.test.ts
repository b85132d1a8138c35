import { expect, test } from "bun:test";
import { NO_TRAFFIC } from "../../test/fake/outbound-world.ts";
import {
  type Defaults,
  defaultGrpc,
  defaultHttp,
  defaultTcp,
  defaultTls,
  type WithDefaults,
} from "./outbound-defaults.ts";

const at = { group: "g", kind: "k", name: "all", namespace: "shop", port: 443 };
const retry = { limit: 1, timeoutMs: undefined, conditions: [] };
const by = (defaults: Defaults): WithDefaults => ({
  defaults,
  parent: {
    ref: { type: "object", ...at },
    target: { type: "forward", ip: "1.1.1.1", port: 443 },
    traffic: { ...NO_TRAFFIC, httpRetry: retry, grpcRetry: retry },
  },
  objects: { hasService: () => true, hasEgressNetwork: () => true },
});

/** Names of what holds beside some attached routes, of each kind. */
const names = (defaults: Defaults, attached: number) =>
  [
    ...defaultHttp(attached, by(defaults)),
    ...defaultGrpc(by(defaults)),
    ...defaultTls(by(defaults)),
    defaultTcp(by(defaults)),
  ].map(({ ref }) => ref.name);

test("OUT5, OUT10: defaults of a Service hold without routes, those of an EgressNetwork beside them", () => {
  expect(names("service", 0)).toEqual(["http", "opaq"]);
  expect(names("service", 1)).toEqual(["opaq"]);
  for (const word of ["allow", "deny"] as const)
    expect(names(`egress-${word}`, 1)).toEqual(
      ["http", "grpc", "tls", "tcp"].map((kind) => `${kind}-egress-${word}`),
    );
});

test("OUT10: what is denied leads nowhere; requests and calls have the parent's retries", () => {
  const [rule] = defaultHttp(0, by("egress-deny")).flatMap(({ rules }) => rules);
  expect(rule).toMatchObject({
    filters: [{ why: "forbidden", message: "traffic not allowed" }],
    backends: [{ target: { type: "none" } }],
    retry,
    attached: false,
  });
  expect(defaultGrpc(by("egress-allow"))[0]?.rules).toMatchObject([
    { filters: [], backends: [{ target: { type: "forward" } }], retry },
  ]);
});
