import { expect, test } from "bun:test";
import { resourcesOf } from "./resources.ts";

const quantity = (request: string, limit = "") => ({ request, limit });

test("resourcesOf() has what is given and no more", () => {
  expect(resourcesOf({ cpu: quantity(""), memory: quantity("") })).toEqual({});
  expect(resourcesOf({ cpu: quantity("100m"), memory: quantity("64Mi", "250Mi") })).toEqual({
    resources: { requests: { cpu: "100m", memory: "64Mi" }, limits: { memory: "250Mi" } },
  });
});
