import { expect, test } from "bun:test";
import { columnsOf, since } from "./columns.ts";
import { BUILT_IN } from "./kinds.ts";

const row = (kind: string, object: Record<string, unknown>) => {
  const resource = BUILT_IN.find((each) => each.kind === kind);
  if (resource === undefined) throw new Error(kind);
  const full = { metadata: { name: "a", creationTimestamp: "1970-01-01T00:00:00Z" }, ...object };
  return columnsOf(resource).flatMap((column) => (column.wide ? [] : [column.cell(full, 60_000)]));
};

test("columnsOf() shows what kubectl shows", () => {
  expect(
    row("Service", {
      spec: { type: "ClusterIP", clusterIP: "1.2.3.4", ports: [{ port: 80, protocol: "TCP" }] },
    }),
  ).toEqual(["a", "ClusterIP", "1.2.3.4", "<none>", "80/TCP", "60s"]);
  expect(
    row("Deployment", { spec: { replicas: 2 }, status: { readyReplicas: 1, updatedReplicas: 2 } }),
  ).toEqual(["a", "1/2", 2, 0, "60s"]);
  expect(
    row("Node", {
      spec: { unschedulable: true },
      status: { conditions: [{ type: "Ready", status: "True" }] },
    }).slice(0, 3),
  ).toEqual(["a", "Ready,SchedulingDisabled", "<none>"]);
  expect(
    row("Job", {
      status: { succeeded: 1, conditions: [{ type: "Complete", status: "True" }] },
    }).slice(0, 3),
  ).toEqual(["a", "Complete", "1/1"]);
  expect(
    row("EndpointSlice", {
      addressType: "IPv4",
      ports: [{ port: 1 }],
      endpoints: [{ addresses: ["x"] }],
    }).slice(0, 4),
  ).toEqual(["a", "IPv4", "1", "x"]);
  for (const { kind } of BUILT_IN) expect(row(kind, {}).length).toBeGreaterThan(1);
});

test.each([
  [0, "0s"],
  [119, "119s"],
  [300, "5m"],
  [301, "5m1s"],
  [3600, "60m"],
  [11_400, "3h10m"],
  [36_000, "10h"],
  [172_800, "2d"],
])("since() says %d seconds as %s", (seconds, text) => {
  expect(since("1970-01-01T00:00:00Z", seconds * 1000)).toBe(text);
});
