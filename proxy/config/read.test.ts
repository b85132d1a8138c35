import { expect, test } from "bun:test";
import { proxyVariables } from "../../test/fake/proxy-variables.ts";
import { EnvReader, PREFIX } from "./env-reader.ts";
import { readConfig, readWorkers } from "./read.ts";

test("readConfig() names every error at once", () => {
  const result = readConfig({});
  expect(result.type === "errors" && result.errors.length).toBe(8);
});

test("C11: readConfig() refuses a process that would not verify certificates", () => {
  const result = readConfig({ ...proxyVariables(), NODE_TLS_REJECT_UNAUTHORIZED: "0" });
  expect(result.type === "errors" && result.errors).toEqual([
    "NODE_TLS_REJECT_UNAUTHORIZED must not be set: it would disable verification",
  ]);
});

test.each(["BUN_INSPECT", "BUN_INSPECT_CONNECT_TO", "BUN_INSPECT_NOTIFY", "BUN_OPTIONS"])(
  "I17: %s is refused: nobody looks into a proxy from outside",
  (name) => {
    const result = readConfig({ ...proxyVariables(), [name]: "ws://127.0.0.1:6499" });
    expect(result.type === "errors" && result.errors).toEqual([
      `${name} must not be set: it would let others look into this process`,
    ]);
  },
);

test("readConfig() reads variables of our own, which change nothing where they are not set", () => {
  const of = (over: Readonly<Record<string, string>>): unknown => {
    const result = readConfig({ ...proxyVariables(), ...over });
    if (result.type === "errors") throw new Error(result.errors.join("; "));
    const { captureProof, captureProofIntervalMs, identity } = result.config;
    return [captureProof, captureProofIntervalMs, identity.trustWatch];
  };
  expect(of({})).toEqual([false, 60_000, true]);
  expect(
    of({
      BUNKERD_PROXY_CAPTURE_PROOF: "true",
      BUNKERD_PROXY_CAPTURE_PROOF_INTERVAL: "5s",
      BUNKERD_PROXY_TRUST_WATCH: "false",
    }),
  ).toEqual([true, 5000, false]);
});

test.each([
  [{}, 1],
  [{ CORES: "3" }, 3],
  [{ CORES: "3", CORES_MIN: "2" }, 2],
  [{ CORES_MIN: "2", CORES_MAX: "5" }, 5],
  [{ CORES_MAX: "100" }, 8],
  [{ CORES_MAX_RATIO: "0.5" }, 4],
  [{ CORES_MAX_RATIO: "0.01", CORES_MIN: "1" }, 1],
  [{ CORES_MAX: "2", CORES_MAX_RATIO: "1" }, 2],
])(
  "P60, CORES, CORES_MIN, CORES_MAX, CORES_MAX_RATIO: %p of 8 processors ask for %i workers",
  (over, workers) => {
    const env = new EnvReader(proxyVariables(over));
    expect(readWorkers(env, 8)).toBe(workers);
    expect([...env.errors, ...env.warnings]).toEqual([]);
  },
);

test.each([
  ["CORES", "0"],
  ["CORES_MIN", "one"],
  ["CORES_MAX", "1.5"],
  ["CORES_MAX_RATIO", "0"],
  ["CORES_MAX_RATIO", "1.1"],
])("%s: %s is passed over with a warning", (name, text) => {
  const env = new EnvReader(proxyVariables({ [name]: text }));
  expect(readWorkers(env, 8)).toBe(1);
  expect(env.errors).toEqual([]);
  expect(env.warnings).toEqual([expect.stringContaining(`${PREFIX}${name} is passed over`)]);
});

test.each([
  [{ LOG: "OFF" }, { filter: "OFF", format: "plain" }, 0],
  [{ LOG: "linkerd=debug,foo, warn,a[b=c]=info" }, { filter: "linkerd=debug,warn,a[b=c]=info" }, 1],
  [{ LOG: "foo,bar=loud" }, { filter: "" }, 2],
  [{ LOG_FORMAT: "JSON" }, { format: "json" }, 0],
  [{ LOG_FORMAT: "xml" }, { format: "plain" }, 1],
])("LOG, LOG_FORMAT: of %p what can be read holds, and the rest is told", (over, log, count) => {
  const given = proxyVariables({ ...over, INBOUND_DEFAULT_POLICY: "deny", CORES: "1" });
  const result = readConfig(given);
  expect(result.type === "config" && result.config.log).toMatchObject(log);
  expect(result.type === "config" && result.warnings).toHaveLength(count);
});

test("ACCESS_LOG: apache or json in any case; anything else is off, and told", () => {
  const of = (text: string | undefined): unknown => {
    const result = readConfig(
      proxyVariables({ ACCESS_LOG: text, INBOUND_DEFAULT_POLICY: "deny", CORES: "1" }),
    );
    return result.type === "config" && [result.config.accessLog, result.warnings.length];
  };
  expect([undefined, "", "JSON", "Apache", "nginx"].map(of)).toEqual([
    ...[
      [undefined, 0],
      [undefined, 0],
      ["json", 0],
      ["apache", 0],
      [undefined, 1],
    ],
  ]);
});

test("CORES: more workers than there are is warned of, and the proxy starts", () => {
  const result = readConfig(proxyVariables({ CORES: "64", INBOUND_DEFAULT_POLICY: "deny" }));
  if (result.type === "errors") throw new Error(result.errors.join("; "));
  const { workers } = result.config;
  expect(result.warnings.length).toBe(workers > 1 ? 1 : 0);
});
