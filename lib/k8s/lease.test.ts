import { expect, test } from "bun:test";
import { decideLease, LEASE_TIMING, observeLease, releasedLease } from "./lease.ts";
import type { Lease } from "./types/coordination.ts";

const { durationMs, renewDeadlineMs, retryMs } = LEASE_TIMING;
const name = { name: "certificates", namespace: "linkerd" };
const WALL_MS = Date.parse("2026-01-02T03:04:05.678Z");
const NOW = "2026-01-02T03:04:05.678000Z";
const decide = (lease: Lease | undefined, ageMs: number, identity = "a") =>
  decideLease(
    { lease, sinceMs: 1000 },
    { identity, name, durationMs, nowMs: 1000 + ageMs, wallMs: WALL_MS },
  );
const held: Lease = {
  metadata: { ...name, resourceVersion: "7" },
  spec: {
    holderIdentity: "b",
    leaseDurationSeconds: 30,
    acquireTime: "2020-01-01T00:00:00.000000Z",
    renewTime: "2099-01-01T00:00:00.000000Z",
    leaseTransitions: 3,
  },
};

test("LEASE_TIMING leaves a leader several tries, and a third of the duration to unequal clocks", () => {
  expect(retryMs * 3).toBeLessThan(renewDeadlineMs);
  expect(renewDeadlineMs * 1.5).toBeLessThanOrEqual(durationMs);
});

test("decideLease() creates what is not there, with client-go's fields", () => {
  expect(decide(undefined, 0)).toEqual({
    type: "create",
    lease: {
      metadata: name,
      spec: {
        holderIdentity: "a",
        leaseDurationSeconds: 30,
        acquireTime: NOW,
        renewTime: NOW,
        leaseTransitions: 0,
      },
    },
  });
});

test("decideLease() waits as long as the holder has said, whatever the times in the lease are", () => {
  expect(decide(held, durationMs - 1)).toEqual({ type: "wait" });
  expect(decide(held, durationMs)).toMatchObject({
    type: "replace",
    lease: {
      metadata: { resourceVersion: "7" },
      spec: { holderIdentity: "a", acquireTime: NOW, renewTime: NOW, leaseTransitions: 4 },
    },
  });
  const longer = { ...held, spec: { ...held.spec, leaseDurationSeconds: 60 } };
  expect(decide(longer, 59_999).type).toBe("wait");
  const { leaseDurationSeconds: _, ...silent } = held.spec ?? {};
  expect(decide({ ...held, spec: silent }, durationMs - 1).type).toBe("wait");
});

test("decideLease() renews its own, and takes at once what nobody holds", () => {
  expect(decide(held, 0, "b")).toMatchObject({
    type: "replace",
    lease: {
      metadata: { resourceVersion: "7" },
      spec: { ...held.spec, holderIdentity: "b", renewTime: NOW },
    },
  });
  const free = releasedLease(held, WALL_MS);
  expect(free).toMatchObject({
    metadata: { resourceVersion: "7" },
    spec: { leaseDurationSeconds: 1, leaseTransitions: 3, renewTime: NOW },
  });
  expect(free.spec).not.toContainKey("holderIdentity");
  expect(decide(free, 0)).toMatchObject({
    type: "replace",
    lease: { spec: { holderIdentity: "a", leaseDurationSeconds: 30, leaseTransitions: 4 } },
  });
});

test("observeLease() counts from the last change of what the holder writes", () => {
  const first = observeLease(undefined, held, 5);
  expect(first).toEqual({ lease: held, sinceMs: 5 });
  const labelled = { ...held, metadata: { ...held.metadata, resourceVersion: "8" } };
  expect(observeLease(first, labelled, 6)).toEqual({ lease: labelled, sinceMs: 5 });
  const renewed = { ...held, spec: { ...held.spec, renewTime: NOW } };
  expect(observeLease(first, renewed, 7).sinceMs).toBe(7);
  expect(observeLease(first, undefined, 8).sinceMs).toBe(8);
});
