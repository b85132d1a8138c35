import { expect, test } from "bun:test";
import { authorize } from "../policy/authorization.ts";
import { defaultServerPolicy } from "../policy/default-policy.ts";
import type { ServerPolicy } from "../policy/server-policy.ts";
import { FOLLOWED_PORTS_LIMIT, Ports } from "./ports.ts";

const DEFAULTS = { clusterNetworks: [], opaquePorts: new Set<number>(), detectTimeoutMs: 1 };
const policy = (name: "deny" | "all-unauthenticated"): ServerPolicy =>
  defaultServerPolicy(name, { ...DEFAULTS, opaque: false });

/** Ports of a pod whose controller denies what it is asked for; `listening` are those of the application. */
function setup(declared: readonly number[] = []) {
  const listening = new Set<number>();
  const followed = new Set<number>();
  const kernel = { asks: 0, tells: true };
  const ports = new Ports(
    {
      watchPort: (port, onPolicy) => {
        followed.add(port);
        onPolicy(policy("deny"));
        return { cancel: () => void followed.delete(port) };
      },
      watchProfile: () => ({ cancel: () => undefined }),
    },
    {
      ...{ ...DEFAULTS, defaultPolicy: "all-unauthenticated" },
      listenedPorts: () => {
        kernel.asks++;
        return kernel.tells ? listening : undefined;
      },
    },
    declared,
  );
  const letsIn = (port: number): boolean =>
    authorize(ports.get(port).current, {
      ...{ ip: "192.0.2.9", tls: { type: "none", reason: "no_tls_from_remote" } },
    }) !== undefined;
  return { ports, listening, followed, letsIn, kernel };
}

const range = (first: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => first + index);

test("INBOUND_PORTS: every declared port is followed, however many there are", () => {
  const declared = range(1, FOLLOWED_PORTS_LIMIT + 10);
  const { followed, letsIn } = setup(declared);
  expect(followed.size).toBe(declared.length);
  expect(declared.filter(letsIn)).toEqual([]);
  expect([letsIn(9000), followed.has(9000)]).toEqual([false, true]);
});

test("J1: who asks for many ports takes no port's policy away", () => {
  const { followed, letsIn, listening } = setup([80]);
  listening.add(8080);
  expect(letsIn(8080)).toBe(false);
  expect(range(10_000, 2 * FOLLOWED_PORTS_LIMIT).filter(letsIn)).toEqual([]);
  expect([letsIn(9000), followed.has(9000)]).toEqual([false, true]);
  expect(followed.size).toBeLessThanOrEqual(FOLLOWED_PORTS_LIMIT + 1);
  // Those of the application stay followed, and those that it has declared.
  expect([followed.has(8080), followed.has(80)]).toEqual([true, true]);
});

test("J2: where the application listens on more ports than are followed the others let nobody in", () => {
  const { followed, letsIn, listening, ports } = setup();
  const own = range(10_000, FOLLOWED_PORTS_LIMIT + 1);
  for (const port of own) listening.add(port);
  expect(own.filter(letsIn)).toEqual([]);
  expect(followed.size).toBe(FOLLOWED_PORTS_LIMIT);
  listening.delete(10_000);
  const gone = ports.get(10_000);
  gone.set(policy("all-unauthenticated"));
  expect([letsIn(20_000), followed.has(20_000), followed.has(10_000)]).toEqual([
    false,
    true,
    false,
  ]);
  // Nothing is heard of it any more: its connections go on to nobody.
  expect(gone.current.labels.name).toBe("deny");
});

test("P46: connections of requests end with a port that is let go of: the next ones have its policy again", () => {
  const { followed, letsIn, listening, ports } = setup();
  const held = ports.get(10_000);
  let ended = 0;
  held.users.add({ drain: () => void ended++ });
  range(20_000, FOLLOWED_PORTS_LIMIT).filter(letsIn);
  expect([followed.has(10_000), held.isFollowed, ended]).toEqual([false, false, 1]);
  expect(ports.get(10_000).isFollowed).toBe(true);
  for (const port of range(1, 65_535)) listening.add(port);
  range(30_000, FOLLOWED_PORTS_LIMIT).filter(letsIn);
  expect(ports.get(40_000).isFollowed).toBe(false);
});

test("Ports asks the kernel once when it makes room, however many ports are followed", () => {
  const { followed, kernel, letsIn } = setup([80]);
  range(10_000, FOLLOWED_PORTS_LIMIT).filter(letsIn);
  expect(kernel.asks).toBe(0);
  letsIn(20_000);
  expect([kernel.asks, followed.size]).toEqual([1, 2]);
});

test("Ports does not ask the kernel where all ports have connections that follow their policy", () => {
  const { kernel, letsIn, ports } = setup([80]);
  for (const port of range(10_000, FOLLOWED_PORTS_LIMIT))
    ports.get(port).followers.add(() => undefined);
  expect([letsIn(20_000), kernel.asks]).toEqual([false, 0]);
});

test("Ports lets go of no port where the kernel does not tell who listens", () => {
  const { followed, kernel, letsIn } = setup();
  kernel.tells = false;
  const first = range(10_000, FOLLOWED_PORTS_LIMIT);
  first.filter(letsIn);
  expect(letsIn(20_000)).toBe(false);
  expect([...followed]).toEqual(first);
});

test("P46: a port with connections that follow its policy is not let go of", () => {
  const { followed, letsIn, ports } = setup();
  ports.get(10_000).followers.add(() => undefined);
  range(20_000, FOLLOWED_PORTS_LIMIT).filter(letsIn);
  expect(followed.has(10_000)).toBe(true);
});
