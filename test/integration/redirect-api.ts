/** The Kubernetes API as far as the node agent asks it, over a list that a test fills. */

import type { KubeClient } from "#lib/k8s/client.ts";
import type { Namespace, Pod } from "#lib/k8s/types/core.ts";

type Kind = { readonly kind: string };

/** Answers list, get and watch; nothing ever changes on a watch. */
export function nodeApi(pods: readonly Pod[]): KubeClient {
  const namespace: Namespace = {
    metadata: { name: "emojivoto", annotations: { "linkerd.io/inject": "enabled" } },
  };
  const list = ({ kind }: Kind): Promise<unknown> =>
    Promise.resolve({
      metadata: { resourceVersion: "1" },
      items: kind === "Pod" ? [...pods] : [namespace],
    });
  const get = ({ kind }: Kind, { name }: { readonly name: string }): Promise<unknown> =>
    Promise.resolve(
      kind === "Pod" ? pods.find(({ metadata }) => metadata?.name === name) : namespace,
    );
  async function* watch(
    _: unknown,
    { signal }: { readonly signal: AbortSignal },
  ): AsyncGenerator<never> {
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
  }
  return { list, get, watch } as unknown as KubeClient;
}
