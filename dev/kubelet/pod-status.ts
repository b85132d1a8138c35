/** A pod's status out of the states of its containers. Pure. */

import type { Container, ContainerStatus, Pod } from "#lib/k8s/types/core.ts";
import type { Addresses } from "./cni.ts";

/** What one container is doing; times are RFC 3339. */
export type ContainerState = {
  readonly id: string;
  readonly restarts: number;
  /** The readiness probe's word; true where there is none and the container runs. */
  readonly ready: boolean;
  /** The startup probe has passed, or there is none. */
  readonly started: boolean;
  readonly state:
    | { readonly type: "waiting"; readonly reason: string; readonly message?: string }
    | { readonly type: "running"; readonly since: string }
    | ({ readonly type: "terminated" } & Termination);
  readonly last?: Termination;
};

/** How a container ended; `message` is its last words, if it had any. */
export type Termination = {
  readonly exitCode: number;
  readonly at: string;
  readonly since: string;
  readonly message?: string;
};

type PodStatus = NonNullable<Pod["status"]>;

/** What of the pod is known beside its containers. */
export type PodState = {
  readonly containers: Readonly<Record<string, ContainerState>>;
  /** Undefined while it has none. */
  readonly podIps: Addresses | undefined;
  readonly nodeIps: Addresses;
  readonly startTime: string;
  readonly now: string;
};

const WAITING: ContainerState = {
  id: "",
  restarts: 0,
  ready: false,
  started: false,
  state: { type: "waiting", reason: "PodInitializing" },
};

/** Whether an init container is a native sidecar: it starts in order, and then stays. */
export function isSidecar({ restartPolicy }: Container): boolean {
  return restartPolicy === "Always";
}

/** The status to publish; conditions keep the time of their last change. */
export function podStatus(pod: Pod, state: PodState): PodStatus {
  const containers = pod.spec?.containers ?? [];
  const inits = pod.spec?.initContainers ?? [];
  const stateOf = ({ name }: Container): ContainerState => state.containers[name] ?? WAITING;
  const initialized = inits.every((each) => initDone(each, stateOf(each)));
  const ready =
    initialized &&
    [...containers, ...inits.filter(isSidecar)].every((each) => stateOf(each).ready) &&
    pod.metadata?.deletionTimestamp === undefined;
  const condition = (
    type: string,
    holds: boolean,
  ): NonNullable<PodStatus["conditions"]>[number] => {
    const status = holds ? "True" : "False";
    const before = pod.status?.conditions?.find((each) => each.type === type);
    const lastTransitionTime = before?.status === status ? before.lastTransitionTime : state.now;
    return { type, status, ...(lastTransitionTime !== undefined && { lastTransitionTime }) };
  };
  return {
    phase: initFailed(pod, inits.map(stateOf))
      ? "Failed"
      : phaseOf(pod, { initialized, states: containers.map(stateOf) }),
    conditions: [
      condition("PodReadyToStartContainers", state.podIps !== undefined),
      condition("Initialized", initialized),
      condition("Ready", ready),
      condition("ContainersReady", ready),
      condition("PodScheduled", true),
    ],
    hostIP: state.nodeIps[0],
    hostIPs: state.nodeIps.map((ip) => ({ ip })),
    ...(state.podIps !== undefined && {
      podIP: state.podIps[0],
      podIPs: state.podIps.map((ip) => ({ ip })),
    }),
    startTime: state.startTime,
    qosClass: "BestEffort",
    ...(inits.length > 0 && {
      initContainerStatuses: inits.map((each) => containerStatus(each, stateOf(each))),
    }),
    containerStatuses: containers.map((each) => containerStatus(each, stateOf(each))),
  };
}

function initDone(container: Container, { state, started }: ContainerState): boolean {
  if (isSidecar(container)) return started;
  return state.type === "terminated" && state.exitCode === 0;
}

/** Where nothing is started again, one init container that fails ends the pod. */
const initFailed = ({ spec }: Pod, inits: readonly ContainerState[]): boolean =>
  spec?.restartPolicy === "Never" &&
  inits.some(
    ({ state }, index) =>
      state.type === "terminated" &&
      state.exitCode !== 0 &&
      spec.initContainers?.[index]?.restartPolicy !== "Always",
  );

type Phase = { readonly initialized: boolean; readonly states: readonly ContainerState[] };

function phaseOf(pod: Pod, { initialized, states }: Phase): string {
  const policy = pod.spec?.restartPolicy ?? "Always";
  const ended = states.every(({ state }) => state.type === "terminated");
  if (ended && initialized && policy !== "Always" && states.length > 0) {
    const failed = states.some(({ state }) => state.type === "terminated" && state.exitCode !== 0);
    if (!failed) return "Succeeded";
    if (policy === "Never") return "Failed";
  }
  return initialized && states.some(({ id }) => id !== "") ? "Running" : "Pending";
}

function containerStatus({ name, image = "" }: Container, state: ContainerState): ContainerStatus {
  return {
    name,
    image,
    imageID: image,
    ready: state.ready,
    started: state.started,
    restartCount: state.restarts,
    ...(state.id !== "" && { containerID: `bunkerd://${state.id}` }),
    state: publicState(state.state),
    ...(state.last !== undefined && {
      lastState: publicState({ type: "terminated", ...state.last }),
    }),
  };
}

function publicState(state: ContainerState["state"]): NonNullable<ContainerStatus["state"]> {
  switch (state.type) {
    case "waiting":
      return {
        waiting: {
          reason: state.reason,
          ...(state.message !== undefined && { message: state.message }),
        },
      };
    case "running":
      return { running: { startedAt: state.since } };
    case "terminated":
      return {
        terminated: {
          exitCode: state.exitCode,
          reason: state.exitCode === 0 ? "Completed" : "Error",
          ...(state.message !== undefined && { message: state.message }),
          startedAt: state.since,
          finishedAt: state.at,
        },
      };
  }
}
