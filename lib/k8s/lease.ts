/** Who leads, decided by a Lease as client-go's leader election has it.
 *
 * Pure. Of times in the object nothing is believed: what counts is how long ago it was seen to change, by the observer's
 * own monotonic clock, so skew between clocks does not matter.
 */

import type { Lease } from "./types/coordination.ts";

/** How long a lease holds, milliseconds. */
export type LeaseTiming = {
  /** Others take over when it has not changed for this long. */
  readonly durationMs: number;
  /** The leader gives up this long after the start of its last renewal that succeeded. Shorter: clocks run unequally fast. */
  readonly renewDeadlineMs: number;
  /** Between two tries. */
  readonly retryMs: number;
};

/** The Lease of the replica that writes statuses, as Linkerd's: of both control planes in one namespace one writes. */
export const STATUS_LEASE = "policy-controller-write";

/** A third of the duration is left to the unequal speed of clocks; several tries fit into each part. */
export const LEASE_TIMING: LeaseTiming = {
  durationMs: 30_000,
  renewDeadlineMs: 20_000,
  retryMs: 5_000,
};

/** A lease as it was last read; `lease` is undefined where there is none. */
export type Observation = {
  readonly lease: Lease | undefined;
  /** Monotonic milliseconds when this state of it was first seen. */
  readonly sinceMs: number;
};

/** What a candidate writes; `wait` where another holds the lease. */
export type LeaseStep =
  | { readonly type: "create" | "replace"; readonly lease: Lease }
  | { readonly type: "wait" };

/** What is known after the lease was read again: only a change begins a new time. */
export function observeLease(
  before: Observation | undefined,
  lease: Lease | undefined,
  nowMs: number,
): Observation {
  const same = before !== undefined && recordOf(before.lease) === recordOf(lease);
  return { lease, sinceMs: same ? before.sinceMs : nowMs };
}

/** What to do about it as the candidate of that identity. */
export function decideLease(
  { lease, sinceMs }: Observation,
  how: {
    readonly identity: string;
    readonly name: { readonly name: string; readonly namespace: string };
    readonly durationMs: number;
    /** Monotonic. */
    readonly nowMs: number;
    readonly wallMs: number;
  },
): LeaseStep {
  const { identity, durationMs, nowMs, wallMs } = how;
  const now = microTime(wallMs);
  const held = {
    holderIdentity: identity,
    leaseDurationSeconds: durationMs / MS_PER_SECOND,
    acquireTime: now,
    renewTime: now,
  };
  if (lease === undefined)
    return {
      type: "create",
      lease: { metadata: { ...how.name }, spec: { ...held, leaseTransitions: 0 } },
    };
  const { holderIdentity: holder = "", leaseDurationSeconds, ...spec } = lease.spec ?? {};
  if (holder === identity)
    return { type: "replace", lease: { ...lease, spec: { ...spec, ...held, ...acquired(spec) } } };
  // The holder has said how long it relies on its lease.
  const promisedMs =
    leaseDurationSeconds === undefined ? durationMs : leaseDurationSeconds * MS_PER_SECOND;
  if (holder !== "" && nowMs - sinceMs < promisedMs) return { type: "wait" };
  const leaseTransitions = (spec.leaseTransitions ?? 0) + 1;
  return { type: "replace", lease: { ...lease, spec: { ...spec, ...held, leaseTransitions } } };
}

/** A lease that its holder gives back: nobody holds it, and others need not wait. */
export function releasedLease(lease: Lease, wallMs: number): Lease {
  const { holderIdentity: _, ...spec } = lease.spec ?? {};
  const now = microTime(wallMs);
  return { ...lease, spec: { ...spec, leaseDurationSeconds: 1, acquireTime: now, renewTime: now } };
}

const MS_PER_SECOND = 1000;

const acquired = ({ acquireTime }: NonNullable<Lease["spec"]>): { acquireTime?: string } =>
  acquireTime === undefined ? {} : { acquireTime };

/** What of a lease its holder writes: labels and the like are nobody's sign of life. */
function recordOf(lease: Lease | undefined): string {
  const { holderIdentity, leaseDurationSeconds, acquireTime, renewTime, leaseTransitions } =
    lease?.spec ?? {};
  return lease === undefined
    ? ""
    : JSON.stringify([
        holderIdentity,
        leaseDurationSeconds,
        acquireTime,
        renewTime,
        leaseTransitions,
      ]);
}

/** Kubernetes' MicroTime: RFC 3339 with six digits of a second. */
function microTime(wallMs: number): string {
  return new Date(wallMs).toISOString().replace("Z", "000Z");
}
