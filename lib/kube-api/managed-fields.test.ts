import { expect, test } from "bun:test";
import { BUILT_IN } from "./kinds.ts";
import { applyNew, applyTo, takeOver } from "./managed-fields.ts";
import type { ApiObject } from "./object.ts";

const resource = BUILT_IN.find(({ kind }) => kind === "Service");
if (resource === undefined) throw new Error("no Service");
const config = (spec: unknown): ApiObject => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "s" },
  spec,
});
const write = { subresource: "", now: "t" };

test("applyTo() refuses what another manager owns, takes it by force and drops what is applied no more", () => {
  const first = config({ type: "A", ports: [{ port: 1 }, { port: 2 }] });
  const made = takeOver(resource, {
    ...write,
    object: first,
    current: undefined,
    manager: "one",
    apply: applyNew(resource, first, "one"),
  });
  const how = { manager: "two", force: false, subresource: "" };
  expect(() => applyTo(resource, made, { ...how, config: config({ type: "B" }) })).toThrow(
    'conflict with "one": .spec.type',
  );
  const forced = applyTo(resource, made, { ...how, force: true, config: config({ type: "B" }) });
  const taken = takeOver(resource, {
    ...write,
    object: forced.object,
    current: made,
    manager: "two",
    apply: forced.apply,
  });
  expect(taken["spec"]).toEqual({ type: "B", ports: [{ port: 1 }, { port: 2 }] });
  const less = applyTo(resource, taken, {
    ...how,
    manager: "one",
    config: config({ ports: [{ port: 2 }] }),
  });
  expect(less.object["spec"]).toEqual({ type: "B", ports: [{ port: 2 }] });
});

test("takeOver() gives changed fields to whoever changed them", () => {
  const made = takeOver(resource, {
    ...write,
    object: config({ type: "A", a: 1 }),
    current: undefined,
    manager: "one",
  });
  const changed = takeOver(resource, {
    ...write,
    object: { ...made, spec: { type: "B", a: 1 } },
    current: made,
    manager: "two",
  });
  expect(
    changed.metadata.managedFields?.map(({ manager, fieldsV1 }) => [manager, fieldsV1]),
  ).toEqual([
    ["one", { "f:spec": { "f:a": {} } }],
    ["two", { "f:spec": { "f:type": {} } }],
  ]);
});
