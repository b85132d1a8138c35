import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Resource } from "#lib/k8s/resource.ts";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import { codeOf, FakeKubeApi } from "../../test/fake/kube-api.ts";

const DEFINITIONS: Resource = {
  group: "apiextensions.k8s.io",
  version: "v1",
  plural: "customresourcedefinitions",
  kind: "CustomResourceDefinition",
  namespaced: false,
};

let fake: FakeKubeApi;
beforeAll(async () => {
  fake = await FakeKubeApi.start();
});
afterAll(() => fake.stop());

test("kinds of CustomResourceDefinitions are served at once, checked and filled in", async () => {
  await fake.admin.create(DEFINITIONS, {
    metadata: { name: "widgets.example.com" },
    spec: {
      group: "example.com",
      scope: "Namespaced",
      names: { plural: "widgets", kind: "Widget" },
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          additionalPrinterColumns: [{ name: "Size", type: "integer", jsonPath: ".spec.size" }],
          schema: {
            openAPIV3Schema: {
              type: "object",
              properties: {
                spec: {
                  type: "object",
                  required: ["size"],
                  properties: {
                    size: { type: "integer" },
                    color: { type: "string", default: "red" },
                  },
                },
              },
            },
          },
        },
      ],
    },
  } as KubeObject);
  const widgets: Resource<KubeObject & { spec?: unknown }> = {
    group: "example.com",
    version: "v1",
    plural: "widgets",
    kind: "Widget",
    namespaced: true,
  };
  const made = await fake.admin.create(widgets, {
    metadata: { name: "w", namespace: "mesh" },
    spec: { size: 3, lost: true },
  });
  expect(made.spec).toEqual({ size: 3, color: "red" });
  expect(
    await codeOf(
      fake.admin.create(widgets, {
        metadata: { name: "v", namespace: "mesh" },
        spec: { size: "x" },
      }),
    ),
  ).toBe("invalid");
  const table = await fake.ask("/apis/example.com/v1/widgets", {
    headers: { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" },
  });
  expect(await table.json()).toMatchObject({ kind: "Table", rows: [{ cells: ["w", 3] }] });
});

test("a status is checked by itself: what an older version let into the spec does not keep it from being written", async () => {
  const version = (name: string, spec: object) => ({
    ...{ name, served: true, storage: name === "v1", subresources: { status: {} } },
    schema: {
      openAPIV3Schema: {
        type: "object",
        properties: {
          spec: { type: "object", properties: { size: { type: "integer" } }, ...spec },
          status: { type: "object", properties: { ready: { type: "boolean" } } },
        },
      },
    },
  });
  await fake.admin.create(DEFINITIONS, {
    metadata: { name: "gadgets.example.com" },
    spec: {
      ...{ group: "example.com", scope: "Namespaced" },
      names: { plural: "gadgets", kind: "Gadget" },
      versions: [version("v1alpha1", {}), version("v1", { required: ["size"] })],
    },
  } as KubeObject);
  const gadgets = (of: string): Resource<KubeObject & { spec?: unknown }> => ({
    ...{ group: "example.com", version: of, plural: "gadgets", kind: "Gadget", namespaced: true },
  });
  const metadata = { name: "g", namespace: "mesh" };
  await fake.admin.create(gadgets("v1alpha1"), { metadata, spec: {} });
  const write = (status: object): Promise<unknown> =>
    fake.admin.patch(gadgets("v1"), metadata, {
      ...{ type: "merge", body: { status }, subresource: "status" },
    });
  expect(await write({ ready: true })).toMatchObject({ status: { ready: true } });
  expect(await codeOf(write({ ready: "soon" }))).toBe("invalid");
});
