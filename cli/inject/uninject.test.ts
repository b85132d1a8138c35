import { expect, test } from "bun:test";
import { uninject } from "./uninject.ts";
import type { Manifest, Place } from "./workload.ts";

const at: Place = { document: { file: "a.yml", number: 1, line: 1, text: "" }, path: [] };

test("uninject() removes what the mesh added, and nothing else", () => {
  const pod: Manifest = {
    kind: "Pod",
    metadata: {
      name: "a",
      annotations: { "linkerd.io/inject": "enabled", "viz.linkerd.io/tap-enabled": "true" },
      labels: { app: "a", "linkerd.io/workload-ns": "x" },
    },
    spec: {
      containers: [{ name: "a" }],
      initContainers: [{ name: "linkerd-proxy" }],
      volumes: [{ name: "linkerd-identity-token" }, { name: "linkerd-podinfo" }],
    },
  };
  expect(uninject(pod, at).report.result).toBe("uninjected");
  expect(pod).toEqual({
    kind: "Pod",
    metadata: { name: "a", labels: { app: "a" } },
    spec: { containers: [{ name: "a" }] },
  });
  expect(uninject(pod, at)).toEqual({
    report: { kind: "pod", name: "a", result: "skipped" },
    changed: false,
  });
});
