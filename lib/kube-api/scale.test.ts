import { expect, test } from "bun:test";
import { scaleOf, withScale } from "./scale.ts";

test("scaleOf() and withScale() read and write replicas", () => {
  const object = {
    metadata: { name: "a" },
    spec: { replicas: 2, selector: { matchLabels: { a: "b" } } },
    status: { replicas: 1 },
  };
  expect(scaleOf(object)).toMatchObject({
    kind: "Scale",
    spec: { replicas: 2 },
    status: { replicas: 1, selector: "a=b" },
  });
  expect(withScale(object, { spec: { replicas: 5 } })["spec"]).toMatchObject({ replicas: 5 });
});
