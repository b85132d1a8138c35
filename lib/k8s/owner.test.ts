import { expect, test } from "bun:test";
import { ownerOf, ownerReference } from "./owner.ts";
import type { Pod } from "./types/core.ts";

const owned = (kind: string, name: string): Pod => ({
  metadata: {
    labels: { "pod-template-hash": "abc" },
    ownerReferences: [
      { apiVersion: "v1", kind: "Node", name: "n", uid: "2", controller: false },
      { apiVersion: "apps/v1", kind, name, uid: "1" },
    ],
  },
});

test("ownerOf() takes a ReplicaSet of a Deployment for that, and others as they are", () => {
  expect(ownerOf(owned("ReplicaSet", "web-abc"))).toEqual({ kind: "Deployment", name: "web" });
  expect(ownerOf(owned("ReplicaSet", "web"))).toEqual({ kind: "ReplicaSet", name: "web" });
  expect(ownerOf(owned("Job", "web-abc"))).toEqual({ kind: "Job", name: "web-abc" });
  expect(ownerOf({})).toBeUndefined();
});

test("ownerReference() passes over who does not control the pod", () => {
  expect(ownerReference(owned("Job", "web"))?.uid).toBe("1");
});
