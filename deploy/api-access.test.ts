import { expect, test } from "bun:test";
import { API_ACCESS_MOUNT, apiAccess } from "./api-access.ts";

test("apiAccess() is the volume that is mounted where clients look for token, CA and namespace", () => {
  const { name, projected } = apiAccess();
  expect(name).toBe(API_ACCESS_MOUNT.name);
  expect(projected?.sources?.map((source) => Object.keys(source)[0])).toEqual([
    "serviceAccountToken",
    "configMap",
    "downwardAPI",
  ]);
});
