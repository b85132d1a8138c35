import { expect, test } from "bun:test";
import { codeOf } from "../../test/fake/kube-api.ts";
import type { KubeClient, ListOptions } from "./client.ts";
import { KubeError } from "./kube-error.ts";
import { PODS, type Resource, TLS_ROUTES } from "./resource.ts";
import { inServedVersion } from "./served-version.ts";
import type { KubeList, KubeObject } from "./types/meta.ts";

/** A server that serves some versions of a kind, and what it was asked. */
function setUp() {
  const asked: string[] = [];
  const served = new Set<string>();
  let failure: KubeError | undefined;
  const say = (verb: string) => (resource: Resource) => {
    asked.push(`${verb} ${resource.version}`);
    return Promise.resolve({} as never);
  };
  const client: KubeClient = {
    list: <T extends KubeObject>({ version }: Resource<T>, options?: ListOptions) => {
      asked.push(`list ${version} ${options?.continue ?? ""}`.trim());
      if (failure !== undefined) return Promise.reject(failure);
      const missing = new KubeError("not-found", { status: 404, message: version });
      return served.has(version)
        ? Promise.resolve({ items: [] } as KubeList<T>)
        : Promise.reject(missing);
    },
    watch: async function* ({ version }) {
      asked.push(`watch ${version}`);
      yield { type: "OPENED" } as const;
    },
    get: say("get"),
    create: say("create"),
    replace: say("replace"),
    patch: say("patch"),
    delete: say("delete"),
    text: (path) => Promise.resolve(path),
  };
  const fail = (next: KubeError | undefined): void => {
    failure = next;
  };
  const any = inServedVersion(client, {
    ...{ resource: TLS_ROUTES, versions: ["v1", "v1alpha3", "v1alpha2"] },
  });
  return { any, served, fail, take: () => asked.splice(0) };
}
const watching = { resourceVersion: "1", signal: new AbortController().signal };

test("the first version that is served is listed, gone on with and watched", async () => {
  const { any, served, take } = setUp();
  served.add("v1alpha2");
  await any.list(TLS_ROUTES);
  await any.list(TLS_ROUTES, { continue: "more" });
  for await (const _ of any.watch(TLS_ROUTES, watching));
  expect(take()).toEqual([
    ...["list v1", "list v1alpha3", "list v1alpha2", "list v1alpha2 more", "watch v1alpha2"],
  ]);
  served.add("v1");
  await any.list(TLS_ROUTES);
  for await (const _ of any.watch(TLS_ROUTES, watching));
  expect(take()).toEqual(["list v1", "watch v1"]);
});

test("a kind that is not served fails as such, and anything else at once", async () => {
  const { any, fail, take } = setUp();
  const refusal = (): Promise<unknown> => any.list(TLS_ROUTES).catch((error: unknown) => error);
  expect(await refusal()).toMatchObject({ code: "not-found", message: "v1alpha2" });
  for await (const _ of any.watch(TLS_ROUTES, watching));
  expect(take().at(-1)).toBe("watch v1");
  fail(new KubeError("forbidden", { status: 403, message: "no" }));
  expect(await refusal()).toMatchObject({ code: "forbidden" });
  expect(take()).toEqual(["list v1"]);
});

/** Every verb but those that list and watch. */
async function act(any: KubeClient, resource: Resource): Promise<void> {
  const name = { name: "a", namespace: "b" };
  await any.get(resource, name);
  await any.create(resource, {});
  await any.replace(resource, {});
  await any.patch(resource, name, { type: "merge", body: {} });
  await any.delete(resource, name);
}

test("everything is done in the version that is served, and other resources are the client's own", async () => {
  const { any, served, take } = setUp();
  served.add("v1alpha3");
  await any.list(TLS_ROUTES);
  take();
  await act(any, TLS_ROUTES);
  expect(take()).toEqual([
    ...["get v1alpha3", "create v1alpha3", "replace v1alpha3", "patch v1alpha3", "delete v1alpha3"],
  ]);
  await act(any, PODS);
  expect(await codeOf(any.list(PODS))).toBe("not-found");
  for await (const _ of any.watch(PODS, watching));
  expect(take()).toEqual([
    ...["get v1", "create v1", "replace v1", "patch v1", "delete v1", "list v1", "watch v1"],
  ]);
  expect(await any.text("/version")).toBe("/version");
});
