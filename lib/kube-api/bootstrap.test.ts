import { expect, test } from "bun:test";
import { bootstrapObjects } from "./bootstrap.ts";

test("bootstrapObjects() begins with the namespaces that the rest needs", () => {
  const objects = bootstrapObjects({ serviceIp: "10.0.0.1" });
  expect(objects[0]).toMatchObject({ kind: "Namespace", metadata: { name: "default" } });
  expect(objects.find(({ kind }) => kind === "Service")).toMatchObject({
    spec: { clusterIP: "10.0.0.1" },
  });
});
