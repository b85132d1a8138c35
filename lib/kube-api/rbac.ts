/** May this user do that: Roles and bindings as they stand in the store. */

import { type ApiObject, at, type Fields, listOf, stringsOf, textAt } from "./object.ts";
import type { Store } from "./store.ts";
import { MASTERS, type User } from "./user.ts";

/** What somebody wants to do: to a resource, or to a path that is none. */
export type Attributes =
  | {
      readonly verb: string;
      readonly group: string;
      readonly resource: string;
      readonly subresource: string;
      readonly namespace: string;
      readonly name: string;
    }
  | { readonly verb: string; readonly path: string };

const RBAC = "rbac.authorization.k8s.io";

/** Whether the rules allow it. */
export function isAllowed(store: Store, user: User, attributes: Attributes): boolean {
  if (user.groups.includes(MASTERS)) return true;
  return rulesOf(store, user, "namespace" in attributes ? attributes.namespace : "").some((rule) =>
    allows(rule, attributes),
  );
}

/** All rules that hold for a user in a namespace; only those of the whole cluster for an empty one. */
export function rulesOf(store: Store, user: User, namespace: string): Fields[] {
  const everywhere = store.list(`clusterrolebindings.${RBAC}`);
  const here = namespace === "" ? [] : store.list(`rolebindings.${RBAC}`, namespace);
  return [...everywhere, ...here]
    .filter((binding) => binds(binding, user))
    .flatMap((binding) => listOf(roleOf(store, binding)?.["rules"]));
}

function roleOf(store: Store, binding: ApiObject): ApiObject | undefined {
  const name = textAt(binding, "roleRef", "name") ?? "";
  const isCluster = at(binding, "roleRef", "kind") === "ClusterRole";
  const namespace = isCluster ? "" : (binding.metadata.namespace ?? "");
  return store.get({ table: `${isCluster ? "clusterroles" : "roles"}.${RBAC}`, namespace, name });
}

function binds(binding: ApiObject, user: User): boolean {
  return listOf(binding["subjects"]).some((subject) => {
    const name = textAt(subject, "name") ?? "";
    const namespace = textAt(subject, "namespace") ?? binding.metadata.namespace;
    if (subject["kind"] === "User") return user.username === name;
    if (subject["kind"] === "Group") return user.groups.includes(name);
    return user.username === `system:serviceaccount:${namespace}:${name}`;
  });
}

function allows(rule: Fields, wanted: Attributes): boolean {
  if (!includes(rule["verbs"], wanted.verb)) return false;
  if ("path" in wanted)
    return stringsOf(rule["nonResourceURLs"]).some((url) =>
      url.endsWith("*") ? wanted.path.startsWith(url.slice(0, -1)) : url === wanted.path,
    );
  const names = stringsOf(rule["resourceNames"]);
  const full =
    wanted.subresource === "" ? wanted.resource : `${wanted.resource}/${wanted.subresource}`;
  const resources = stringsOf(rule["resources"]);
  return (
    includes(rule["apiGroups"], wanted.group) &&
    (resources.includes("*") ||
      resources.includes(full) ||
      resources.includes(`*/${wanted.subresource}`)) &&
    (names.length === 0 || names.includes(wanted.name))
  );
}

function includes(list: unknown, value: string): boolean {
  const all = stringsOf(list);
  return all.includes("*") || all.includes(value);
}
