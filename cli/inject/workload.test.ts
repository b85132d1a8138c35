import { expect, test } from "bun:test";
import { asManifest, itemsOf, type Place, podTemplateOf } from "./workload.ts";

const at: Place = { document: { file: "a.yml", number: 1, line: 1, text: "" }, path: ["items", 0] };

test("podTemplateOf() finds the template of every kind that has one", () => {
  const template = { spec: { containers: [] } };
  expect(podTemplateOf({ kind: "Deployment", spec: { template } }, at)).toBe(template);
  expect(
    podTemplateOf({ kind: "CronJob", spec: { jobTemplate: { spec: { template } } } }, at),
  ).toBe(template);
  const pod = { kind: "Pod", ...template };
  expect(podTemplateOf(pod, at)).toBe(pod);
  expect(podTemplateOf({ kind: "ConfigMap" }, at)).toBeUndefined();
});

test("items of lists only; what is no object is refused with its field", () => {
  expect(itemsOf({ kind: "List", items: [1] }, at)).toEqual([1]);
  expect(itemsOf({ kind: "PodList" }, at)).toEqual([]);
  expect(itemsOf({ kind: "Pod" }, at)).toBeUndefined();
  expect(() => asManifest(3, at)).toThrow("a.yml, document 1, field items.0: an object");
  expect(() => podTemplateOf({ kind: "Job", spec: { template: {} } }, at)).toThrow(
    "field items.0.spec.template.spec: is missing",
  );
});
