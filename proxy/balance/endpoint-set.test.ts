import { expect, test } from "bun:test";
import type { Endpoint } from "../policy/client-policy.ts";
import { EndpointSet } from "./endpoint-set.ts";

const endpoint = (ip: string, weight = 1): Endpoint => ({
  addr: { ip, port: 80 },
  identity: undefined,
  hint: undefined,
  directPort: undefined,
  authority: undefined,
  labels: { weight: String(weight) },
});

const setup = () => {
  const retired: string[] = [];
  const set = new EndpointSet(
    (each) => ({ name: `${each.addr.ip}/${each.labels["weight"]}` }),
    ({ name }) => retired.push(name),
  );
  return { set, retired, names: () => set.members.map(({ name }) => name) };
};

test("EndpointSet.apply() adds, keeps, replaces and removes", () => {
  const { set, retired, names } = setup();
  expect(set.known).toBe(false);
  set.apply({ type: "add", endpoints: [endpoint("10.0.0.1"), endpoint("10.0.0.2")] });
  const [first] = set.members;
  set.apply({ type: "add", endpoints: [endpoint("10.0.0.1"), endpoint("10.0.0.2", 2)] });
  expect(set.members[0]).toBe(first as { name: string });
  expect(names()).toEqual(["10.0.0.1/1", "10.0.0.2/2"]);
  set.apply({
    type: "remove",
    addrs: [
      { ip: "10.0.0.1", port: 80 },
      { ip: "10.0.0.9", port: 80 },
    ],
  });
  expect(names()).toEqual(["10.0.0.2/2"]);
  expect(retired).toEqual(["10.0.0.2/1", "10.0.0.1/1"]);
});

test("EndpointSet.apply() keeps of a set what is in it, with its member, and nothing else", () => {
  const { set, retired, names } = setup();
  set.apply({ type: "set", endpoints: [endpoint("10.0.0.1"), endpoint("10.0.0.2")] });
  const [, second] = set.members;
  set.apply({ type: "set", endpoints: [endpoint("10.0.0.2"), endpoint("10.0.0.3")] });
  expect([names(), retired]).toEqual([["10.0.0.2/1", "10.0.0.3/1"], ["10.0.0.1/1"]]);
  expect(set.members[0]).toBe(second as { name: string });
});

test("EndpointSet.apply() clears on no-endpoints and is known from then on", () => {
  const { set, names } = setup();
  set.apply({ type: "add", endpoints: [endpoint("10.0.0.1")] });
  set.apply({ type: "no-endpoints", exists: false });
  expect([names(), set.known]).toEqual([[], true]);
});
