/** One case of policy: objects that a user applies, requests, and what must come of them. */

import type { World } from "./world.ts";

/** A scenario; it throws where something is not as it must be. What it applied through the world is taken away for it. */
export type Scenario = {
  /** May begin with the rows that it shows, as tests do. */
  readonly name: string;
  /** Part of `npm test`. */
  readonly quick?: boolean;
  /** Requests are tried again or given up under way, so that backends see more or fewer than clients ask. */
  readonly apart?: boolean;
  /** Pods come and go whose counts nobody has; the scenario looks at counters itself. */
  readonly uncounted?: boolean;
  /** Run again with IPv6 and with dual-stack pods; the quick ones with dual-stack pods in `npm test`, too. */
  readonly families?: "full" | "quick";
  run(world: World): Promise<void>;
};

/** A service of the scenarios by its name in the cluster. */
export const at = (service: string, port = 80): string =>
  `http://${service}.scenario.svc.cluster.local:${port}`;

/** Throws where two values are not the same; `what` says of what they are. */
export function same(what: string, actual: unknown, expected: unknown): void {
  if (!Bun.deepEquals(actual, expected))
    throw new Error(`${what}: it is ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`);
}

/** Throws where a figure is not within its bounds, both included. */
export function within(what: string, actual: number, bounds: readonly [number, number]): void {
  const [least, most] = bounds;
  if (!(actual >= least && actual <= most))
    throw new Error(`${what}: it is ${actual}, not between ${least} and ${most}`);
}
