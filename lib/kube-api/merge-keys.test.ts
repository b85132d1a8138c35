import { expect, test } from "bun:test";
import { builtInLists, keyOfElement } from "./merge-keys.ts";

test("builtInLists() knows lists by where they stand", () => {
  const pod = builtInLists("Pod");
  expect(pod(["spec", "containers"])).toEqual(["name"]);
  expect(pod(["spec", "containers", "ports"])).toEqual(["containerPort", "protocol"]);
  expect(builtInLists("Service")(["spec", "ports"])).toEqual(["port", "protocol"]);
  expect(builtInLists("EndpointSlice")(["ports"])).toBeUndefined();
  expect(pod(["metadata", "finalizers"])).toBe("set");
});

test("keyOfElement() fills in what clients leave out", () => {
  expect(keyOfElement({ port: 1 }, ["port", "protocol"])).toBe('{"port":1,"protocol":"TCP"}');
});
