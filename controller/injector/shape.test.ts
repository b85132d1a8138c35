import { expect, test } from "bun:test";
import { isPod, isService } from "./shape.ts";

const containers = [{ name: "app", ports: [{ containerPort: 80 }] }];

test.each([
  [{ spec: { containers } }, true],
  [{ metadata: { annotations: { a: "b" }, labels: null }, spec: { containers } }, true],
  [{ spec: { containers: [] } }, false],
  [{ spec: { containers: [{ name: 1 }] } }, false],
  [{ spec: { containers: [{ name: "app", ports: false }] } }, false],
  [{ metadata: { annotations: { a: 1 } }, spec: { containers } }, false],
  [{ metadata: { ownerReferences: [{}] }, spec: { containers } }, false],
  [{ spec: { containers, initContainers: [null] } }, false],
  [null, false],
  [[], false],
])("isPod(%j) is %p", (value, is) => {
  expect(isPod(value)).toBe(is);
});

test.each([
  [{ spec: {} }, true],
  [{ spec: { ports: [{ port: 80, targetPort: "http" }] } }, true],
  [{ spec: { ports: [{}] } }, false],
  [{ metadata: 1, spec: {} }, false],
  [{}, false],
])("isService(%j) is %p", (value, is) => {
  expect(isService(value)).toBe(is);
});
