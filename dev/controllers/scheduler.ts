/** Gives pods without a node the first node that fits. */

import { PODS } from "#lib/k8s/resource.ts";
import type { Node, Pod } from "#lib/k8s/types/core.ts";
import { type Context, type Controller, from, keyOf, nameOf, startController } from "./context.ts";
import { isGone } from "./pod-state.ts";
import { type Condition, rfc3339, setCondition } from "./status.ts";

/** Starts the scheduler. */
export function startScheduler(context: Context): Controller {
  const { pods, nodes } = context.informers;
  const waiting = (pod: Pod): boolean => pod.spec?.nodeName === undefined && !isGone(pod);
  return startController(context, {
    name: "scheduler",
    sources: [
      from(pods, (pod) => (waiting(pod) ? [keyOf(pod)] : [])),
      from(nodes, () => pods.list().filter(waiting).map(keyOf)),
    ],
    reconcile: (key) => schedule(context, key),
  });
}

async function schedule({ client, informers, clock }: Context, key: string): Promise<void> {
  const pod = await client.get(PODS, nameOf(key));
  if (pod === undefined || pod.spec?.nodeName !== undefined || isGone(pod)) return;
  const node = informers.nodes.list().find((each) => fits(each, pod));
  const now = rfc3339(clock.wall());
  const condition =
    node === undefined
      ? { type: "PodScheduled", status: "False", reason: "Unschedulable", message: "no node fits" }
      : { type: "PodScheduled", status: "True" };
  const conditions = setCondition(pod.status?.conditions as Condition[] | undefined, {
    ...condition,
    now,
  });
  if (node !== undefined)
    await client.patch(PODS, nameOf(key), {
      type: "merge",
      body: { spec: { nodeName: node.metadata?.name } },
    });
  await client.patch(PODS, nameOf(key), {
    type: "strategic",
    subresource: "status",
    body: { status: { conditions } },
  });
}

function fits(node: Node, pod: Pod): boolean {
  const labels = node.metadata?.labels ?? {};
  const wanted = Object.entries(pod.spec?.nodeSelector ?? {});
  return (
    node.spec?.unschedulable !== true && wanted.every(([name, value]) => labels[name] === value)
  );
}
