/** Kinds that servers serve in one version or another, by the age of their definitions. */

import type { KubeClient, ListOptions } from "./client.ts";
import { KubeError } from "./kube-error.ts";
import type { Resource } from "./resource.ts";
import type { KubeList, KubeObject } from "./types/meta.ts";

/**
 * A client that lists one resource in the first of some versions that is served, and does everything else with it in that
 * one. Where none is the list fails as that of the last one does. All other resources are the client's own.
 */
export function inServedVersion(
  client: KubeClient,
  of: { readonly resource: Resource; readonly versions: readonly string[] },
): KubeClient {
  let served: string | undefined;
  const isIt = ({ group, plural }: Resource): boolean =>
    group === of.resource.group && plural === of.resource.plural;
  const at = <T extends KubeObject>(resource: Resource<T>): Resource<T> =>
    served !== undefined && isIt(resource) ? { ...resource, version: served } : resource;
  const list = async <T extends KubeObject>(
    resource: Resource<T>,
    options?: ListOptions,
  ): Promise<KubeList<T>> => {
    if (!isIt(resource)) return await client.list(resource, options);
    // A page goes on in the version that the first one was in.
    const tried = options?.continue === undefined || served === undefined ? of.versions : [served];
    let missing: unknown;
    for (const version of tried)
      try {
        const found = await client.list({ ...resource, version }, options);
        served = version;
        return found;
      } catch (error) {
        if (!(error instanceof KubeError) || error.code !== "not-found") throw error;
        missing = error;
      }
    throw missing;
  };
  return {
    list,
    watch: (resource, options) => client.watch(at(resource), options),
    get: (resource, ...how) => client.get(at(resource), ...how),
    create: (resource, ...how) => client.create(at(resource), ...how),
    replace: (resource, ...how) => client.replace(at(resource), ...how),
    patch: (resource, ...how) => client.patch(at(resource), ...how),
    delete: (resource, ...how) => client.delete(at(resource), ...how),
    text: (...how) => client.text(...how),
  };
}
