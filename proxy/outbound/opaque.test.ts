import { expect, test } from "bun:test";
import { FakeClock } from "../../test/fake/clock.ts";
import { prepareRoutes } from "../policy/route-table.ts";
import { Balancer } from "./balancer.ts";
import { dialOpaque } from "./opaque.ts";
import type { ResolvedPolicy } from "./resolved.ts";

type BalancerOptions = ConstructorParameters<typeof Balancer>[0];

/** Connections to a Service without endpoints, at which so many may wait; what each was refused as. */
function setup(queueCapacity: number) {
  const clock = new FakeClock();
  const runtime = { clock, random: () => 0 };
  const balancer = new Balancer({
    ...{ runtime, queueCapacity, failfastMs: 3000, decayMs: 1 },
  } as unknown as BalancerOptions);
  const target = { pick: "random", totalWeight: 1, backends: [{ balancer, weight: 1 }] };
  const opaque = prepareRoutes([{ hosts: [], rules: [{ matches: [], target }] }]);
  const policy = { type: "opaque", opaque } as unknown as ResolvedPolicy;
  const refused: string[] = [];
  const dial = (name: string): void =>
    dialOpaque(
      policy,
      { name: "", random: () => 0 },
      {
        isWanted: true,
        onConnected: () => undefined,
        onRefused: (error) => void refused.push(`${name}: ${error}`),
      },
    );
  return { clock, dial, refused };
}

test("MET13: a connection that finds the queue full is shed, one that waits in vain fails fast", () => {
  const { clock, dial, refused } = setup(1);
  dial("first");
  dial("second");
  expect(refused).toEqual(["second: loadshed"]);
  clock.advance(3000);
  dial("third");
  expect(refused).toEqual(["second: loadshed", "first: failfast", "third: failfast"]);
});
