/** Jobs: pods until enough of them have succeeded, or too many have failed. */

import { JOBS, PODS } from "#lib/k8s/resource.ts";
import type { Job } from "#lib/k8s/types/batch.ts";
import type { Pod } from "#lib/k8s/types/core.ts";
import {
  type Context,
  type Controller,
  controllerOf,
  from,
  keyOf,
  nameOf,
  ownerKey,
  startController,
} from "./context.ts";
import { newPod } from "./new-pod.ts";
import { isEnded, isReady } from "./pod-state.ts";
import { type Condition, rfc3339, setCondition, writeStatus } from "./status.ts";
import type { WorkQueue } from "./work-queue.ts";

/** Starts the controller. */
export function startJobs(context: Context): Controller {
  const { jobs, pods } = context.informers;
  return startController(context, {
    name: "job",
    sources: [from(jobs, (job) => [keyOf(job)]), from(pods, ownerKey("Job"))],
    reconcile: (key, queue) => reconcile(context, { key, queue }),
  });
}

async function reconcile(
  context: Context,
  { key, queue }: { readonly key: string; readonly queue: WorkQueue },
): Promise<void> {
  const { client, informers, clock } = context;
  const job = informers.jobs.get(nameOf(key));
  if (job === undefined || job.metadata?.deletionTimestamp !== undefined) return;
  if (isFinished(job)) {
    await expire(context, { job, queue, key });
    return;
  }
  const { items } = await client.list(PODS, { namespace: job.metadata?.namespace });
  const own = items.filter((pod) => controllerOf(pod)?.uid === job.metadata?.uid);
  const succeeded = own.filter((pod) => pod.status?.phase === "Succeeded").length;
  const failed = own.filter((pod) => pod.status?.phase === "Failed").length;
  const active = own.filter((pod) => !isEnded(pod));
  const now = rfc3339(clock.wall());
  const verdict = verdictOf(job, { succeeded, failed, wallMs: clock.wall() });
  if (verdict === undefined) await addPods(context, { job, active: active.length, succeeded });
  else
    for (const pod of active)
      await client.delete(PODS, {
        name: pod.metadata?.name ?? "",
        namespace: pod.metadata?.namespace,
      });
  watchDeadline(job, { queue, key });
  const status = {
    ...job.status,
    startTime: job.status?.startTime ?? now,
    active: verdict === undefined ? wantedActive(job, succeeded) : 0,
    ready: active.filter(isReady).length,
    ...(succeeded > 0 && { succeeded }),
    ...(failed > 0 && { failed }),
    ...(verdict?.type === "Complete" && { completionTime: now }),
    ...(verdict !== undefined && {
      conditions: setCondition(job.status?.conditions as Condition[] | undefined, {
        ...verdict,
        now,
      }),
    }),
  };
  await writeStatus(client, JOBS, { object: job, status });
}

/** A job that starts now is looked at again when its time is over. */
function watchDeadline(
  job: Job,
  { queue, key }: { readonly queue: WorkQueue; readonly key: string },
): void {
  const seconds = job.spec?.activeDeadlineSeconds;
  if (seconds !== undefined && job.status?.startTime === undefined)
    queue.addAfter(key, seconds * 1000);
}

function isFinished(job: Job): boolean {
  return (
    job.status?.conditions?.some(
      ({ type, status }) => status === "True" && (type === "Complete" || type === "Failed"),
    ) === true
  );
}

function verdictOf(
  job: Job,
  {
    succeeded,
    failed,
    wallMs,
  }: { readonly succeeded: number; readonly failed: number; readonly wallMs: number },
): Condition | undefined {
  const { completions = 1, backoffLimit = 6, activeDeadlineSeconds } = job.spec ?? {};
  if (succeeded >= completions)
    return {
      type: "Complete",
      status: "True",
      reason: "CompletionsReached",
      message: "Reached expected number of succeeded pods",
    };
  if (failed > backoffLimit)
    return {
      type: "Failed",
      status: "True",
      reason: "BackoffLimitExceeded",
      message: "Job has reached the specified backoff limit",
    };
  const started = Date.parse(String(job.status?.startTime ?? ""));
  if (activeDeadlineSeconds !== undefined && started + activeDeadlineSeconds * 1000 <= wallMs)
    return {
      type: "Failed",
      status: "True",
      reason: "DeadlineExceeded",
      message: "Job was active longer than specified deadline",
    };
  return undefined;
}

function wantedActive(job: Job, succeeded: number): number {
  if (job.spec?.suspend === true) return 0;
  return Math.min(job.spec?.parallelism ?? 1, (job.spec?.completions ?? 1) - succeeded);
}

async function addPods(
  { client }: Context,
  {
    job,
    active,
    succeeded,
  }: { readonly job: Job; readonly active: number; readonly succeeded: number },
): Promise<void> {
  const missing = wantedActive(job, succeeded) - active;
  for (let made = 0; made < missing; made++) {
    const pod: Pod = newPod(
      job,
      { apiVersion: "batch/v1", kind: "Job" },
      { template: job.spec?.template },
    );
    await client.create(PODS, pod);
  }
}

/** `ttlSecondsAfterFinished`. */
async function expire(
  { client, clock }: Context,
  { job, queue, key }: { readonly job: Job; readonly queue: WorkQueue; readonly key: string },
): Promise<void> {
  const seconds = job.spec?.ttlSecondsAfterFinished;
  if (seconds === undefined) return;
  const ended = job.status?.conditions?.find(({ status }) => status === "True")?.lastTransitionTime;
  const left = Date.parse(String(ended)) + seconds * 1000 - clock.wall();
  if (left > 0) queue.addAfter(key, left);
  else
    await client.delete(JOBS, {
      name: job.metadata?.name ?? "",
      namespace: job.metadata?.namespace,
    });
}
