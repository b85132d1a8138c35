import { expect, test } from "bun:test";
import { Cidr } from "#lib/addr/cidr.ts";
import { NO_TRAFFIC } from "../../test/fake/outbound-world.ts";
import type { EgressNetwork } from "../core/egress.ts";
import type { RateLimit } from "../core/server.ts";
import { egressCondition, notAccepted, rateLimitConditions } from "./conditions.ts";

const limit = (name: string, createdMs: number, fault?: string) => ({
  ...({ name, namespace: "shop", createdMs, server: "web" } satisfies Partial<RateLimit>),
  ...{ total: 1, identity: undefined, overrides: [], fault },
});
const saidOf = (
  of: Parameters<typeof rateLimitConditions>[0],
  from: Partial<Parameters<typeof rateLimitConditions>[1]> = {},
) =>
  rateLimitConditions(of, { hasServer: true, others: [], ...from })?.map(
    ({ type, reason, message }) => `${type} ${reason}${message && `: ${message}`}`,
  );

test("INB12: of several rate limits of a Server the oldest is accepted, then the first by name", () => {
  expect(saidOf(limit("a", 1))).toEqual(["Accepted Accepted"]);
  expect(saidOf(limit("a", 2), { others: [limit("b", 1)] })).toEqual([
    "Accepted RateLimitReasonAlreadyExists",
  ]);
  expect(saidOf(limit("a", 1), { others: [limit("b", 1)] })).toEqual(["Accepted Accepted"]);
  expect(saidOf(limit("a", 1), { hasServer: false })).toEqual(["Accepted NoMatchingTarget"]);
  expect(saidOf({ ...limit("a", 1), server: undefined })).toBeUndefined();
  expect(saidOf(limit("a", 1, "spec.total is odd"))).toEqual([
    "Accepted Accepted",
    "PartiallyInvalid UnsupportedValue: Dropped Rule: spec.total is odd",
  ]);
});

const cidr = (text: string): Cidr => {
  const parsed = Cidr.parse(text);
  if (parsed === undefined) throw new Error(`${text} is no network`);
  return parsed;
};
/** `10.0.0.0/8 -10.1.0.0/16`: networks with what is excepted of each. */
const network = (createdMs: number, ...ranges: string[]): EgressNetwork => ({
  ...{ name: `net-${createdMs}`, namespace: "shop", createdMs, fault: undefined },
  ...{ allows: true, opaque: { single: new Set(), ranges: [] } as never, traffic: NO_TRAFFIC },
  networks: ranges.map((text) => {
    const [whole = "", ...except] = text.split(" -");
    return { cidr: cidr(whole), except: except.map(cidr) };
  }),
});
const clusterNetworks = ["10.0.0.0/8", "fd00::/8"].map(cidr);

test.each<[mine: string[], older: string[] | undefined, accepted: boolean]>([
  [["0.0.0.0/0 -10.0.0.0/8", "::/0 -fd00::/8"], undefined, true],
  [["0.0.0.0/0"], undefined, false],
  [["0.0.0.0/0 -10.0.0.0/9"], undefined, false],
  [["10.1.0.0/16"], undefined, false],
  [["10.1.0.0/16 -10.1.0.0/16"], undefined, true],
  [["192.0.2.0/24"], ["192.0.2.0/24"], false],
  [["192.0.2.0/24"], ["192.0.0.0/16"], true],
  [["192.0.2.0/24", "198.51.100.0/24"], ["192.0.2.0/24"], true],
  [["192.0.2.0/24"], ["192.0.2.0/24 -192.0.2.8/29"], true],
  [["192.0.2.0/24 -192.0.2.0/28"], ["192.0.2.0/24 -192.0.2.8/29"], false],
])("INB12, OUT10: EgressNetwork of %j beside the older one of %j", (mine, older, accepted) => {
  const others = older === undefined ? [] : [network(1, ...older)];
  const { status, reason } = egressCondition(network(2, ...mine), { clusterNetworks, others });
  expect(`${status} ${reason}`).toBe(
    accepted ? "True Accepted" : "False EgressReasonNetworkOverlap",
  );
});

test("OUT10: the older of two EgressNetworks is accepted; one that cannot be read is not", () => {
  const others = [network(3, "192.0.2.0/24")];
  const mine = network(2, "192.0.2.0/24");
  expect(egressCondition(mine, { clusterNetworks, others }).status).toBe("True");
  expect(egressCondition({ ...mine, fault: "odd" }, { clusterNetworks, others })).toMatchObject({
    ...{ status: "False", reason: "UnsupportedValue", message: "odd" },
  });
});

test("a message has a bound", () => {
  expect(notAccepted("UnsupportedValue", "x".repeat(5_000)).message).toHaveLength(1_024);
});
