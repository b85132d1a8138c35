import { afterAll, beforeAll, expect, test } from "bun:test";
import { PODS, type Resource, TOKEN_REVIEWS } from "#lib/k8s/resource.ts";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import { codeOf, FakeKubeApi } from "../../test/fake/kube-api.ts";

let fake: FakeKubeApi;
beforeAll(async () => {
  fake = await FakeKubeApi.start();
});
afterAll(() => fake.stop());

test("tokens are issued, reviewed and used", async () => {
  const token = fake.api.issueToken({ namespace: "mesh", serviceAccount: "default" });
  const review = async (spec: unknown) => {
    const made = await fake.admin.create(TOKEN_REVIEWS, { metadata: {}, spec } as never);
    return made.status;
  };
  expect(await review({ token })).toMatchObject({
    authenticated: true,
    user: { username: "system:serviceaccount:mesh:default" },
  });
  const other = await review({ token, audiences: ["x"] });
  expect(other).toMatchObject({ authenticated: false });
  expect(other?.error).toContain("token audiences");
  expect(await review({ token: "a.b.c" })).toMatchObject({ authenticated: false });
  const answer = await fake.ask("/api/v1/namespaces/mesh/serviceaccounts/default/token", {
    method: "POST",
    body: '{"spec":{"audiences":["x"]}}',
  });
  const { status } = (await answer.json()) as { status: { token: string } };
  expect(await review({ token: status.token, audiences: ["x"] })).toMatchObject({
    authenticated: true,
    audiences: ["x"],
  });
  expect(await codeOf(fake.clientOf(token).list(PODS))).toBe("forbidden");
  expect(await codeOf(fake.clientOf("wrong").list(PODS))).toBe("unauthorized");
  expect(await codeOf(fake.clientOf("guest").list(PODS))).toBe("forbidden");
});

test("RBAC decides", async () => {
  const rbac = (plural: string, kind: string): Resource => ({
    group: "rbac.authorization.k8s.io",
    version: "v1",
    plural,
    kind,
    namespaced: true,
  });
  await fake.admin.create(rbac("roles", "Role"), {
    metadata: { name: "reader", namespace: "mesh" },
    rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["list"] }],
  } as KubeObject);
  await fake.admin.create(rbac("rolebindings", "RoleBinding"), {
    metadata: { name: "reader", namespace: "mesh" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "reader" },
    subjects: [{ kind: "User", name: "guest" }],
  } as KubeObject);
  const guest = fake.clientOf("guest");
  expect(await codeOf(guest.list(PODS, { namespace: "mesh" }))).toBe("none");
  expect(await codeOf(guest.list(PODS, { namespace: "default" }))).toBe("forbidden");
  const review = (verb: string) =>
    fake
      .ask("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", {
        method: "POST",
        token: "guest",
        body: JSON.stringify({
          spec: { resourceAttributes: { verb, resource: "pods", namespace: "mesh" } },
        }),
      })
      .then(
        async (answer) =>
          ((await answer.json()) as { status: { allowed: boolean } }).status.allowed,
      );
  expect([await review("list"), await review("delete")]).toEqual([true, false]);
});

test("reviews tell who one is and what one may", async () => {
  const post = async (path: string, spec: unknown) => {
    const answer = await fake.ask(path, { method: "POST", body: JSON.stringify({ spec }) });
    return [answer.status, ((await answer.json()) as { status: unknown }).status] as const;
  };
  const authorization = "/apis/authorization.k8s.io/v1";
  expect(await post("/apis/authentication.k8s.io/v1/selfsubjectreviews", {})).toMatchObject([
    201,
    { userInfo: { username: "admin" } },
  ]);
  expect(
    await post(`${authorization}/selfsubjectrulesreviews`, { namespace: "mesh" }),
  ).toMatchObject([201, { incomplete: false }]);
  const nonResourceAttributes = { path: "/healthz", verb: "get" };
  expect(
    await post(`${authorization}/subjectaccessreviews`, {
      user: "x",
      groups: ["system:authenticated"],
      extra: { a: ["b"] },
      nonResourceAttributes,
    }),
  ).toMatchObject([201, { allowed: true }]);
  expect((await post(`${authorization}/subjectaccessreviews`, { user: "x" }))[0]).toBe(422);
  expect(
    await post("/apis/authentication.k8s.io/v1/tokenreviews", { token: "admin" }),
  ).toMatchObject([201, { authenticated: true }]);
});
