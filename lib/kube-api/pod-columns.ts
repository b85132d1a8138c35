/** The columns of pods: how many containers are ready, what they wait for, how often they started again. */

import type { Column } from "./column.ts";
import { type ApiObject, at, type Fields, fieldsOf, listOf, numberAt, textAt } from "./object.ts";

/** Ready, Status, Restarts, and the wide ones; name and age stand around them. */
export const podCells: readonly Column[] = [
  { name: "Ready", cell: (pod) => readyCell(pod) },
  { name: "Status", cell: (pod) => statusCell(pod) },
  { name: "Restarts", cell: (pod) => restarts(pod) },
  { name: "IP", wide: true, cell: (pod) => textAt(pod, "status", "podIP") ?? "<none>" },
  { name: "Node", wide: true, cell: (pod) => textAt(pod, "spec", "nodeName") ?? "<none>" },
  { name: "Nominated Node", wide: true, cell: () => "<none>" },
  { name: "Readiness Gates", wide: true, cell: () => "<none>" },
];

/** Native sidecars count as containers. */
function sidecars(pod: ApiObject): Fields[] {
  return listOf(at(pod, "spec", "initContainers")).filter(
    (container) => container["restartPolicy"] === "Always",
  );
}

function statuses(pod: ApiObject): Fields[] {
  const names = new Set(sidecars(pod).map((container) => container["name"]));
  const inits = listOf(at(pod, "status", "initContainerStatuses")).filter((status) =>
    names.has(status["name"]),
  );
  return [...inits, ...listOf(at(pod, "status", "containerStatuses"))];
}

function readyCell(pod: ApiObject): string {
  const all = listOf(at(pod, "spec", "containers")).length + sidecars(pod).length;
  return `${statuses(pod).filter((status) => status["ready"] === true).length}/${all}`;
}

function restarts(pod: ApiObject): string {
  return String(
    statuses(pod).reduce((sum, status) => sum + (numberAt(status, "restartCount") ?? 0), 0),
  );
}

function statusCell(pod: ApiObject): string {
  if (pod.metadata.deletionTimestamp !== undefined) return "Terminating";
  const reason = textAt(pod, "status", "reason");
  const phase = textAt(pod, "status", "phase") ?? "Pending";
  if (reason !== undefined) return reason;
  return (
    initStatus(pod) ??
    containerStatus(pod) ??
    (phase === "Succeeded" ? "Completed" : phase === "Failed" ? "Error" : phase)
  );
}

function initStatus(pod: ApiObject): string | undefined {
  const restartable = new Set(sidecars(pod).map((container) => container["name"]));
  const inits = listOf(at(pod, "status", "initContainerStatuses"));
  const total = listOf(at(pod, "spec", "initContainers")).length;
  const done = (status: Fields): boolean =>
    at(status, "state", "terminated", "exitCode") === 0 ||
    (restartable.has(status["name"]) && status["started"] === true);
  const index = inits.findIndex((status) => !done(status));
  const status = inits[index];
  if (status === undefined) return undefined;
  const why =
    textAt(status, "state", "waiting", "reason") ?? textAt(status, "state", "terminated", "reason");
  return why !== undefined && why !== "PodInitializing" ? `Init:${why}` : `Init:${index}/${total}`;
}

function containerStatus(pod: ApiObject): string | undefined {
  for (const status of listOf(at(pod, "status", "containerStatuses"))) {
    const state = fieldsOf(status["state"]);
    const why = textAt(state, "waiting", "reason") ?? textAt(state, "terminated", "reason");
    if (why !== undefined) return why;
  }
  return undefined;
}
