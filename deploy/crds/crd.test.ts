import { expect, test } from "bun:test";
import { customResource } from "./crd.ts";
import { fields, TEXT } from "./schema.ts";

test("customResource() stores the last version and warns of deprecated ones", () => {
  const spec = fields({ "a!": TEXT });
  const kind = {
    group: "mesh.io",
    kind: "Thing",
    plural: "things",
    shortNames: ["th"],
    versions: [
      { name: "v1alpha1", deprecated: true, spec },
      { name: "v1", spec, columns: { A: ".spec.a", Age: ".metadata.creationTimestamp" } },
    ],
  };
  expect(customResource(kind, { mesh: "ours" })).toMatchObject({
    metadata: { name: "things.mesh.io", labels: { mesh: "ours" } },
    spec: {
      scope: "Namespaced",
      names: { kind: "Thing", plural: "things", singular: "thing", shortNames: ["th"] },
      versions: [
        {
          name: "v1alpha1",
          storage: false,
          deprecationWarning: "mesh.io/v1alpha1 Thing is deprecated; use mesh.io/v1 Thing",
        },
        {
          name: "v1",
          storage: true,
          additionalPrinterColumns: [
            { name: "A", jsonPath: ".spec.a", type: "string" },
            { name: "Age", jsonPath: ".metadata.creationTimestamp", type: "date" },
          ],
        },
      ],
    },
  });
});
