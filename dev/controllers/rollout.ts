/** How a Deployment goes from old ReplicaSets to the new one, one step at a time. Pure. */

/** A ReplicaSet, as far as the step depends on it. */
export interface RolloutSet {
  readonly name: string;
  readonly desired: number;
  readonly available: number;
}

/** What the Deployment says. */
export interface RolloutRequest {
  readonly replicas: number;
  readonly recreate: boolean;
  /** Absolute, or a percentage of the replicas. */
  readonly maxSurge: number | string;
  readonly maxUnavailable: number | string;
}

/** The replicas that each set shall have now; only those that change. */
export function nextStep(
  request: RolloutRequest,
  sets: {
    readonly newest: RolloutSet;
    readonly old: readonly RolloutSet[];
    readonly oldPods: number;
  },
): ReadonlyMap<string, number> {
  const { replicas } = request;
  const { newest, old } = sets;
  const steps = new Map<string, number>();
  if (request.recreate) {
    for (const set of old) if (set.desired > 0) steps.set(set.name, 0);
    if (sets.oldPods === 0 && newest.desired !== replicas) steps.set(newest.name, replicas);
    return steps;
  }
  const { surge, unavailable } = bounds(request);
  const total = newest.desired + old.reduce((sum, set) => sum + set.desired, 0);
  const grown = Math.max(
    newest.desired,
    Math.min(replicas, newest.desired + replicas + surge - total),
  );
  const target = newest.desired > replicas ? replicas : grown;
  if (target !== newest.desired) steps.set(newest.name, target);
  const available =
    newest.available + old.reduce((sum, set) => sum + Math.min(set.desired, set.available), 0);
  const broken = old.map((set) => ({ set, spare: Math.max(0, set.desired - set.available) }));
  let spare = available - (replicas - unavailable);
  for (const { set, spare: idle } of broken) {
    const drop = idle + Math.max(0, Math.min(spare, set.desired - idle));
    spare -= Math.max(0, drop - idle);
    if (drop > 0) steps.set(set.name, set.desired - drop);
  }
  return steps;
}

/** Both limits as numbers; they are never both 0, as nothing would move. */
function bounds(request: RolloutRequest): { readonly surge: number; readonly unavailable: number } {
  const surge = Math.ceil(share(request.maxSurge, request.replicas));
  const unavailable = Math.min(
    request.replicas,
    Math.floor(share(request.maxUnavailable, request.replicas)),
  );
  return surge === 0 && unavailable === 0 ? { surge, unavailable: 1 } : { surge, unavailable };
}

function share(value: number | string, total: number): number {
  if (typeof value === "number") return value;
  return value.endsWith("%") ? (Number(value.slice(0, -1)) * total) / 100 : Number(value);
}
