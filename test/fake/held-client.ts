/** A Kubernetes client whose reads of one resource wait until a test lets them go. */

import type { KubeClient } from "#lib/k8s/client.ts";
import type { Resource } from "#lib/k8s/resource.ts";

/** What a test has in hand. */
type Held = {
  readonly client: KubeClient;
  /** Settles when something waits. */
  readonly asked: Promise<void>;
  readonly release: () => void;
};

/** Holds up one verb of one resource; all else is the client's own. */
export function holdReads(
  client: KubeClient,
  held: { readonly verb: "get" | "list"; readonly resource: Resource },
): Held {
  const asked = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const wait = async (verb: string, resource: Resource): Promise<void> => {
    if (verb !== held.verb || resource.plural !== held.resource.plural) return;
    asked.resolve();
    await released.promise;
  };
  return {
    client: {
      ...client,
      get: async (resource, name) => {
        await wait("get", resource);
        return await client.get(resource, name);
      },
      list: async (resource, options) => {
        await wait("list", resource);
        return await client.list(resource, options);
      },
    },
    asked: asked.promise,
    release: () => released.resolve(),
  };
}
