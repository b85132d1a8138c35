import { expect, test } from "bun:test";
import { BUILT_IN } from "./kinds.ts";
import { openApiV3 } from "./openapi.ts";

test("openApiV3() has an index and a document for each version", () => {
  const { paths } = openApiV3("/openapi/v3", BUILT_IN) as { paths: Record<string, unknown> };
  expect(Object.keys(paths)).toContain("apis/apps/v1");
  const document = openApiV3("/openapi/v3/api/v1", BUILT_IN) as { paths: Record<string, unknown> };
  expect(Object.keys(document.paths)).toContain("/api/v1/namespaces/{namespace}/pods/{name}");
  expect(openApiV3("/openapi/v3/none", BUILT_IN)).toBeUndefined();
});
