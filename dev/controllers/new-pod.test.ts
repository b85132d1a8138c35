import { expect, test } from "bun:test";
import { newPod } from "./new-pod.ts";

test("newPod() takes the template and its owner's marks", () => {
  const owner = { metadata: { name: "web", namespace: "n", uid: "u" } };
  const template = {
    metadata: { labels: { a: "b" }, annotations: { c: "d" } },
    spec: { containers: [] },
  };
  const pod = newPod(
    owner,
    { apiVersion: "apps/v1", kind: "ReplicaSet" },
    { template, labels: { x: "y" } },
  );
  expect(pod.metadata).toMatchObject({
    generateName: "web-",
    namespace: "n",
    labels: { a: "b", x: "y" },
    annotations: { c: "d" },
    ownerReferences: [{ uid: "u", controller: true }],
  });
});
