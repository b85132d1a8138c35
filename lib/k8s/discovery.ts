/** Which resource serves a kind, asked of the API itself. */

import type { KubeClient } from "./client.ts";
import type { Resource } from "./resource.ts";

type ResourceList = {
  readonly resources: readonly {
    readonly name: string;
    readonly kind: string;
    readonly namespaced: boolean;
  }[];
};

/** Finds the resource of `apiVersion` and `kind`; undefined where the API serves none. Throws a KubeError where the group is not served. */
export async function discoverResource(
  client: Pick<KubeClient, "text">,
  { apiVersion, kind }: { readonly apiVersion: string; readonly kind: string },
): Promise<Resource | undefined> {
  const [first = "", second] = apiVersion.split("/");
  const [group, version] = second === undefined ? ["", first] : [first, second];
  const path = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  const { resources } = JSON.parse(await client.text(path)) as ResourceList;
  const found = resources.find((each) => each.kind === kind && !each.name.includes("/"));
  if (found === undefined) return undefined;
  return { group, version, plural: found.name, kind, namespaced: found.namespaced };
}
