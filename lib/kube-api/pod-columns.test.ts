import { expect, test } from "bun:test";
import { podCells } from "./pod-columns.ts";

const cells = (pod: Record<string, unknown>) =>
  podCells.slice(0, 3).map((column) => column.cell({ metadata: {}, ...pod }, 0));
const spec = {
  containers: [{ name: "c" }],
  initContainers: [{ name: "i" }, { name: "s", restartPolicy: "Always" }],
};

test("podCells count native sidecars and tell what a pod waits for", () => {
  const status = {
    phase: "Running",
    containerStatuses: [{ ready: true, restartCount: 2, state: { running: {} } }],
    initContainerStatuses: [
      { name: "i", state: { terminated: { exitCode: 0 } } },
      { name: "s", ready: true, started: true, restartCount: 1 },
    ],
  };
  expect(cells({ spec, status })).toEqual(["2/2", "Running", "3"]);
  expect(
    cells({ spec, status: { initContainerStatuses: [{ name: "i", state: { running: {} } }] } })[1],
  ).toBe("Init:0/2");
  expect(
    cells({
      spec,
      status: {
        initContainerStatuses: [{ name: "i", state: { waiting: { reason: "CrashLoopBackOff" } } }],
      },
    })[1],
  ).toBe("Init:CrashLoopBackOff");
  expect(
    cells({
      spec,
      status: { containerStatuses: [{ state: { waiting: { reason: "ErrImagePull" } } }] },
    })[1],
  ).toBe("ErrImagePull");
  expect(cells({ spec, status: { phase: "Succeeded" } })[1]).toBe("Completed");
  expect(cells({ spec, metadata: { deletionTimestamp: "t" } })[1]).toBe("Terminating");
});
