import { expect, test } from "bun:test";
import { MarkReader } from "./mark-reader.ts";
import { readResources, resourcesOf } from "./resources.ts";

const quantity = (request: string, limit = "") => ({ request, limit });

test("resourcesOf() has what is given and no more", () => {
  expect(resourcesOf({ cpu: quantity(""), memory: quantity("") })).toEqual({});
  expect(resourcesOf({ cpu: quantity("100m"), memory: quantity("64Mi", "250Mi") })).toEqual({
    resources: { requests: { cpu: "100m", memory: "64Mi" }, limits: { memory: "250Mi" } },
  });
});

test("readResources() lowers a request that is beyond its limit: no pod could have it", () => {
  const pod = {
    "config.linkerd.io/proxy-cpu-request": "2",
    "config.linkerd.io/proxy-cpu-limit": "500m",
    "config.linkerd.io/proxy-memory-limit": "64mi",
  };
  const reader = new MarkReader({ pod, namespace: undefined });
  const { resources } = readResources(reader, { cpu: quantity(""), memory: quantity("1Mi") });
  expect(resources).toEqual({ cpu: quantity("500m", "500m"), memory: quantity("1Mi") });
  expect(reader.warnings).toHaveLength(2);
});
