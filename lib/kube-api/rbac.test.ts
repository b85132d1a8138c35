import { expect, test } from "bun:test";
import { isAllowed } from "./rbac.ts";
import { Store } from "./store.ts";

const RBAC = "rbac.authorization.k8s.io";
const store = new Store();
store.put(
  { table: `clusterroles.${RBAC}`, namespace: "", name: "r" },
  {
    metadata: {},
    rules: [
      {
        apiGroups: ["apps"],
        resources: ["deployments", "*/status"],
        verbs: ["get"],
        resourceNames: ["one"],
      },
      { nonResourceURLs: ["/healthz", "/x/*"], verbs: ["get"] },
    ],
  },
);
store.put(
  { table: `clusterrolebindings.${RBAC}`, namespace: "", name: "b" },
  {
    metadata: {},
    roleRef: { kind: "ClusterRole", name: "r" },
    subjects: [
      { kind: "Group", name: "g" },
      { kind: "ServiceAccount", namespace: "n", name: "s" },
    ],
  },
);
const ask = (over: Record<string, string>) => ({
  verb: "get",
  group: "apps",
  resource: "deployments",
  subresource: "",
  namespace: "n",
  name: "one",
  ...over,
});

test("isAllowed() follows bindings, groups, names and paths", () => {
  const user = { username: "u", groups: ["g"] };
  const may = (over: Record<string, string>) => isAllowed(store, user, ask(over));
  expect([
    may({}),
    may({ name: "two" }),
    may({ verb: "list" }),
    may({ resource: "pods", subresource: "status" }),
  ]).toEqual([true, false, false, true]);
  expect(isAllowed(store, { username: "system:serviceaccount:n:s", groups: [] }, ask({}))).toBe(
    true,
  );
  expect(isAllowed(store, { username: "u", groups: [] }, ask({}))).toBe(false);
  expect(isAllowed(store, { username: "u", groups: ["system:masters"] }, ask({ verb: "x" }))).toBe(
    true,
  );
  const path = (at: string) => isAllowed(store, user, { verb: "get", path: at });
  expect([path("/healthz"), path("/x/y"), path("/y")]).toEqual([true, true, false]);
});
