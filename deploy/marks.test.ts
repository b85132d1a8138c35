import { expect, test } from "bun:test";
import { createdBy, labelsOf, withCommonLabels } from "./marks.ts";
import { createValues } from "./values.ts";

test("withCommonLabels() adds to what objects have, and changes none of it", () => {
  const values = createValues("1.2.3", {
    commonLabels: { team: "mesh", "linkerd.io/control-plane-ns": "other" },
  });
  const object = { kind: "Service", metadata: { name: "x", labels: labelsOf("identity", values) } };
  expect(withCommonLabels([object], values)).toEqual([
    {
      kind: "Service",
      metadata: {
        name: "x",
        labels: {
          team: "mesh",
          "linkerd.io/control-plane-component": "identity",
          "linkerd.io/control-plane-ns": "linkerd",
        },
      },
    },
  ]);
  expect(createdBy(values)).toEqual({ "linkerd.io/created-by": "linkerd/cli 1.2.3" });
});
