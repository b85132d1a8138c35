/** Kinds that servers serve in one version or another, by the age of their definitions. */

import type { KubeClient, ListOptions, WatchOptions } from "./client.ts";
import { KubeError } from "./kube-error.ts";
import type { Resource } from "./resource.ts";
import type { KubeList, KubeObject } from "./types/meta.ts";
import type { WatchEvent } from "./watch.ts";

/**
 * A client that lists a resource in the first of some versions that is served, and watches it in that one. Where none is
 * the list fails as that of the last one does.
 */
export function inServedVersion(client: KubeClient, versions: readonly string[]): KubeClient {
  let served: string | undefined;
  const inVersion = <T extends KubeObject>(
    resource: Resource<T>,
    version: string,
  ): Resource<T> => ({
    ...resource,
    version,
  });
  const list = async <T extends KubeObject>(
    resource: Resource<T>,
    options?: ListOptions,
  ): Promise<KubeList<T>> => {
    // A page goes on in the version that the first one was in.
    const tried = options?.continue === undefined || served === undefined ? versions : [served];
    let missing: unknown;
    for (const version of tried)
      try {
        const found = await client.list(inVersion(resource, version), options);
        served = version;
        return found;
      } catch (error) {
        if (!(error instanceof KubeError) || error.code !== "not-found") throw error;
        missing = error;
      }
    throw missing;
  };
  const watch = <T extends KubeObject>(
    resource: Resource<T>,
    options: WatchOptions,
  ): AsyncIterable<WatchEvent> =>
    client.watch(inVersion(resource, served ?? resource.version), options);
  return {
    list,
    watch,
    get: (...how) => client.get(...how),
    create: (...how) => client.create(...how),
    replace: (...how) => client.replace(...how),
    patch: (...how) => client.patch(...how),
    delete: (...how) => client.delete(...how),
    text: (...how) => client.text(...how),
  };
}
