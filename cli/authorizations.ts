/** Which policies say who may call some pods, and by which Server and route. */

import { matchesSelector } from "#lib/k8s/selector.ts";
import type { Pod } from "#lib/k8s/types/core.ts";
import type { CustomObject } from "#lib/k8s/types/custom.ts";
import type { LabelSelector } from "#lib/k8s/types/meta.ts";

/** What authorizes callers; one of the last two has a name, the other is empty. */
export type AuthorizationRow = {
  /** `*`: all that the Server is about. */
  readonly route: string;
  readonly server: string;
  readonly authorizationPolicy: string;
  readonly serverAuthorization: string;
};

/** The policies of a namespace, each with its kind and version. */
export type NamespacePolicies = {
  readonly servers: readonly CustomObject[];
  readonly serverAuthorizations: readonly CustomObject[];
  readonly authorizationPolicies: readonly CustomObject[];
  readonly routes: readonly CustomObject[];
};

const GROUP = "policy.linkerd.io";

type ServerSpec = { readonly podSelector?: LabelSelector; readonly port?: number | string };
type ServerRef = { readonly name?: string; readonly selector?: LabelSelector };
type TargetRef = { readonly group?: string; readonly kind?: string; readonly name?: string };

/**
 * Those that say who may call these pods: ServerAuthorizations first, then AuthorizationPolicies, each in their order.
 * What one is about and is not there is told to `onMissing`, as a sentence without its end.
 */
export function authorizationsOf(
  pods: readonly Pod[],
  policies: NamespacePolicies,
  onMissing: (text: string) => void,
): AuthorizationRow[] {
  const { servers, serverAuthorizations, authorizationPolicies } = policies;
  const rowsOf = (own: readonly CustomObject[], over: Partial<AuthorizationRow>) =>
    own
      .filter((server) => isAbout(server, pods))
      .map((server) => ({
        ...{ route: "*", server: nameOf(server), authorizationPolicy: "", serverAuthorization: "" },
        ...over,
      }));
  return [
    ...serverAuthorizations.flatMap((each) =>
      rowsOf(serversOf(each, servers, onMissing), { serverAuthorization: nameOf(each) }),
    ),
    ...authorizationPolicies.flatMap((each) =>
      targetsOf(each, policies, onMissing).flatMap(({ route, servers: own }) =>
        rowsOf(own, { ...(route && { route }), authorizationPolicy: nameOf(each) }),
      ),
    ),
  ];
}

/** The Servers of a ServerAuthorization, by name or by their labels. */
function serversOf(
  authorization: CustomObject,
  servers: readonly CustomObject[],
  onMissing: (text: string) => void,
): readonly CustomObject[] {
  const { name, selector } = specOf<{ readonly server?: ServerRef }>(authorization).server ?? {};
  if (name === undefined)
    return servers.filter(({ metadata }) => matchesSelector(selector, metadata?.labels));
  const found = named(servers, name);
  if (found.length === 0)
    onMissing(
      `ServerAuthorization/${nameOf(authorization)} targets Server/${name}, which is not there`,
    );
  return found;
}

/** What an AuthorizationPolicy is about: a namespace with all its Servers, one Server, or a route of some. */
function targetsOf(
  policy: CustomObject,
  { servers, routes }: NamespacePolicies,
  onMissing: (text: string) => void,
): readonly { readonly route: string | undefined; readonly servers: readonly CustomObject[] }[] {
  const { targetRef } = specOf<{ readonly targetRef?: TargetRef }>(policy);
  const { group = "", kind, name = "" } = targetRef ?? {};
  const missing = (): [] => {
    onMissing(`AuthorizationPolicy/${nameOf(policy)} targets ${kind}/${name}, which is not there`);
    return [];
  };
  if (kind === "Namespace" && (group === "" || group === "core"))
    return [{ route: undefined, servers }];
  if (kind === "Server" && group === GROUP) {
    const found = named(servers, name);
    return found.length === 0 ? missing() : [{ route: undefined, servers: found }];
  }
  const route = routes.find(
    (each) => each.kind === kind && groupOf(each) === group && nameOf(each) === name,
  );
  if (route === undefined) return kind?.endsWith("Route") === true ? missing() : [];
  const { parentRefs = [] } = specOf<{ readonly parentRefs?: readonly TargetRef[] }>(route);
  return parentRefs
    .filter((parent) => parent.kind === "Server" && parent.group === GROUP)
    .map((parent) => ({ route: name, servers: named(servers, parent.name ?? "") }));
}

/** Whether a Server is about a port of one of the pods. */
function isAbout(server: CustomObject, pods: readonly Pod[]): boolean {
  const { podSelector, port } = specOf<ServerSpec>(server);
  return pods.some(({ metadata, spec }) => {
    if (!matchesSelector(podSelector, metadata?.labels)) return false;
    const containers = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
    return containers.some(({ ports = [] }) =>
      ports.some(({ name, containerPort }) => port === containerPort || port === name),
    );
  });
}

const specOf = <Spec>({ spec }: CustomObject): Partial<Spec> => (spec ?? {}) as Partial<Spec>;
const nameOf = ({ metadata }: CustomObject): string => metadata?.name ?? "";
const groupOf = ({ apiVersion }: CustomObject): string | undefined => apiVersion?.split("/")[0];

const named = (objects: readonly CustomObject[], name: string): readonly CustomObject[] =>
  objects.filter((each) => nameOf(each) === name);
