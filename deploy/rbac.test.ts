import { expect, test } from "bun:test";
import { account } from "./rbac.ts";

const options = {
  name: "linkerd-x",
  namespace: "linkerd",
  clusterName: "linkerd-linkerd-x",
  labels: { a: "b" },
  cluster: [{ group: "", resources: ["pods"], verbs: ["get"] }],
};

test("account() binds a ClusterRole to the account, a Role only where there are local rights", () => {
  const kinds = (objects: ReturnType<typeof account>): (string | undefined)[] =>
    objects.map(({ kind }) => kind);
  expect(kinds(account(options))).toEqual(["ServiceAccount", "ClusterRole", "ClusterRoleBinding"]);
  const all = account({
    ...options,
    local: [{ group: "", resources: ["events"], verbs: ["create"] }],
  });
  expect(kinds(all).slice(3)).toEqual(["Role", "RoleBinding"]);
  expect(all[2]).toMatchObject({
    metadata: { name: "linkerd-linkerd-x", labels: { a: "b" } },
    roleRef: { kind: "ClusterRole", name: "linkerd-linkerd-x" },
    subjects: [{ kind: "ServiceAccount", name: "linkerd-x", namespace: "linkerd" }],
  });
  expect(all[3]).toMatchObject({
    metadata: { namespace: "linkerd" },
    rules: [{ apiGroups: [""], resources: ["events"], verbs: ["create"] }],
  });
});
