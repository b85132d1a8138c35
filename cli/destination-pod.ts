/** A connection to a pod of the destination controller, as commands that ask what proxies ask have it. */

import type { ClientConnection } from "#lib/http-io/exchange.ts";
import { connectHttp2 } from "#lib/http-io/http2-client.ts";
import { PODS } from "#lib/k8s/resource.ts";
import { CommandError, type GlobalFlags } from "./command.ts";
import type { Cluster, Context } from "./context.ts";

/** Ports of its APIs. */
export const DESTINATION_PORT = 8086;
export const POLICY_PORT = 8090;

/** The flag that names the pod. */
export type DestinationPodFlags = { readonly destinationPod?: string };
/** What `--destination-pod` says of itself. */
export const DESTINATION_POD: readonly [flags: string, description: string] = [
  "--destination-pod <name>",
  "The pod of linkerd-destination to ask",
];

/** Asks on a connection of its own, which is closed after. Throws CommandError where no pod runs. */
export async function askDestination<T>(
  cluster: Cluster,
  how: {
    readonly context: Context;
    readonly flags: GlobalFlags & DestinationPodFlags;
    readonly port: number;
  },
  ask: (connection: ClientConnection) => Promise<T>,
): Promise<T> {
  const { context, flags, port } = how;
  context.terminal.progress("asking the control plane");
  const namespace = flags.linkerdNamespace;
  const pod = flags.destinationPod ?? (await findDestination(cluster, namespace));
  const stream = await cluster.forward({ namespace, pod, port });
  const observer = { onAvailable: () => undefined, onClosed: () => undefined };
  try {
    return await ask(connectHttp2(stream, observer, { now: context.now }));
  } finally {
    stream.destroy();
  }
}

async function findDestination({ client }: Cluster, namespace: string): Promise<string> {
  const labelSelector = "linkerd.io/control-plane-component=destination";
  const { items } = await client.list(PODS, { namespace, labelSelector });
  const running = items.find(({ status }) => status?.phase === "Running");
  if (running === undefined)
    throw new CommandError(
      `Cannot find a running pod of linkerd-destination in namespace ${namespace}`,
    );
  return running.metadata?.name ?? "";
}
