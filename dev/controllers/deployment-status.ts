/** The status of a Deployment, as `kubectl rollout status` reads it. Pure. */

import type { Deployment, ReplicaSet } from "#lib/k8s/types/apps.ts";
import { type Condition, rfc3339, setCondition } from "./status.ts";

/** The status, and when it may change by time alone, in milliseconds. */
export function deploymentStatus(seen: {
  readonly deployment: Deployment;
  readonly newest: ReplicaSet;
  readonly all: readonly ReplicaSet[];
  readonly wallMs: number;
}): { readonly status: unknown; readonly checkAgainMs: number | undefined } {
  const { deployment, newest, all, wallMs } = seen;
  const sum = (pick: (set: ReplicaSet) => number | undefined): number =>
    all.reduce((total, set) => total + (pick(set) ?? 0), 0);
  const wanted = deployment.spec?.replicas ?? 1;
  const replicas = sum((set) => set.status?.replicas);
  const availableReplicas = sum((set) => set.status?.availableReplicas);
  const updatedReplicas = newest.status?.replicas ?? 0;
  const now = rfc3339(wallMs);
  const before = deployment.status?.conditions as Condition[] | undefined;
  const complete =
    updatedReplicas === wanted && replicas === wanted && availableReplicas === wanted;
  const counts = {
    replicas,
    updatedReplicas,
    readyReplicas: sum((set) => set.status?.readyReplicas),
    availableReplicas,
    unavailableReplicas: Math.max(0, Math.max(wanted, replicas) - availableReplicas),
  };
  const progress = progressOf({ ...seen, complete, before, moved: hasMoved(deployment, counts) });
  const enough = availableReplicas >= wanted - allowedMissing(deployment, wanted);
  const available = enough
    ? {
        type: "Available",
        status: "True",
        reason: "MinimumReplicasAvailable",
        message: "Deployment has minimum availability.",
      }
    : {
        type: "Available",
        status: "False",
        reason: "MinimumReplicasUnavailable",
        message: "Deployment does not have minimum availability.",
      };
  const conditions = setCondition(setCondition(before, { ...available, now }), {
    ...progress.condition,
    now,
  });
  const status = {
    observedGeneration: deployment.metadata?.generation ?? 0,
    ...counts,
    conditions,
  };
  return { status, checkAgainMs: progress.checkAgainMs };
}

function hasMoved(deployment: Deployment, counts: Readonly<Record<string, number>>): boolean {
  const { status } = deployment;
  return (
    status?.updatedReplicas !== counts["updatedReplicas"] ||
    status?.availableReplicas !== counts["availableReplicas"] ||
    status?.readyReplicas !== counts["readyReplicas"] ||
    status?.observedGeneration !== deployment.metadata?.generation
  );
}

function progressOf(seen: {
  readonly deployment: Deployment;
  readonly newest: ReplicaSet;
  readonly wallMs: number;
  readonly complete: boolean;
  readonly moved: boolean;
  readonly before: readonly Condition[] | undefined;
}): { readonly condition: Condition; readonly checkAgainMs: number | undefined } {
  const name = newestName(seen.newest);
  if (seen.complete)
    return {
      condition: progressing(
        "True",
        "NewReplicaSetAvailable",
        `ReplicaSet "${name}" has successfully progressed.`,
      ),
      checkAgainMs: undefined,
    };
  const before = seen.before?.find(({ type }) => type === "Progressing");
  const deadlineMs = (seen.deployment.spec?.progressDeadlineSeconds ?? 600) * 1000;
  const since = Date.parse(before?.lastUpdateTime ?? "");
  const started = seen.moved || Number.isNaN(since) || before?.reason === "NewReplicaSetAvailable";
  const left = started ? deadlineMs : since + deadlineMs - seen.wallMs;
  if (!started && (left <= 0 || before?.reason === "ProgressDeadlineExceeded"))
    return {
      condition: progressing(
        "False",
        "ProgressDeadlineExceeded",
        `ReplicaSet "${name}" has timed out progressing.`,
      ),
      checkAgainMs: undefined,
    };
  return {
    condition: progressing("True", "ReplicaSetUpdated", `ReplicaSet "${name}" is progressing.`),
    checkAgainMs: left,
  };
}

function progressing(status: string, reason: string, message: string): Condition {
  return { type: "Progressing", status, reason, message };
}

function newestName(set: ReplicaSet): string {
  return set.metadata?.name ?? "";
}

function allowedMissing(deployment: Deployment, wanted: number): number {
  const { strategy } = deployment.spec ?? {};
  if (strategy?.type === "Recreate") return 0;
  const value = (strategy?.rollingUpdate?.maxUnavailable ?? "25%") as number | string;
  const missing =
    typeof value === "number" ? value : Math.floor((Number.parseInt(value, 10) * wanted) / 100);
  return Math.min(missing, wanted);
}
