import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Resource } from "#lib/k8s/resource.ts";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import { codeOf, FakeKubeApi } from "../../test/fake/kube-api.ts";

let fake: FakeKubeApi;
beforeAll(async () => {
  fake = await FakeKubeApi.start();
});
afterAll(() => fake.stop());

test("kinds of CustomResourceDefinitions are served at once, checked and filled in", async () => {
  const definitions: Resource = {
    group: "apiextensions.k8s.io",
    version: "v1",
    plural: "customresourcedefinitions",
    kind: "CustomResourceDefinition",
    namespaced: false,
  };
  await fake.admin.create(definitions, {
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
