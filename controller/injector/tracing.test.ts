import { expect, test } from "bun:test";
import type { Pod } from "#lib/k8s/types/core.ts";
import { fakeValues } from "../../test/fake/values.ts";
import { settingsOf } from "./settings.ts";
import {
  isTraced,
  podInfoVolume,
  tapVariables,
  tracingVariables,
  tracingWarnings,
} from "./tracing.ts";
import type { InjectValues, ProxyValues } from "./values.ts";

const NOBODY = { serviceAccountName: "", namespace: "" };
const COLLECTOR = { serviceAccountName: "collector", namespace: "tracing" };

function of(
  { endpoint = "collector:4317", meshIdentity = COLLECTOR } = {},
  component?: string,
): {
  values: InjectValues;
  settings: ReturnType<typeof settingsOf>;
  component: string | undefined;
} {
  const { proxy, ...rest } = fakeValues();
  const tracing: ProxyValues["tracing"] = {
    ...proxy.tracing,
    enabled: true,
    collector: { endpoint, meshIdentity },
  };
  const values = { ...rest, proxy: { ...proxy, tracing } };
  const settings = settingsOf(values, { pod: undefined, namespace: undefined });
  return { values, settings, component };
}

const pod: Pod = {
  metadata: {
    labels: { "app.kubernetes.io/name": "web" },
    annotations: { "resource.opentelemetry.io/team": "shop", other: "x" },
  },
};

test.each([
  ["collector:4317", COLLECTOR, true],
  ["collector:4317", { ...COLLECTOR, namespace: "" }, false],
  ["localhost:4317", NOBODY, true],
  ["127.0.0.1:4317", NOBODY, true],
  ["[::1]:4317", NOBODY, true],
  ["", COLLECTOR, false],
])("isTraced() a collector at %j who is %j: %p", (endpoint, meshIdentity, expected) => {
  expect(isTraced(of({ endpoint, meshIdentity }))).toBe(expected);
  expect(tracingWarnings({}, of({ endpoint, meshIdentity }))).toHaveLength(expected ? 0 : 1);
});

test("a pod of the control plane has no collector beside it, and is told what the installation says alone", () => {
  expect(isTraced(of({ endpoint: "localhost:4317", meshIdentity: NOBODY }, "identity"))).toBe(
    false,
  );
  expect(tracingVariables(pod, of({}, "identity"))).toMatchObject({
    TRACE_SERVICE_NAME: "linkerd-proxy",
    TRACE_EXTRA_ATTRIBUTES: "k8s.pod.ip=$(_pod_ip)\nk8s.pod.uid=$(_pod_uid)",
  });
  expect(tracingVariables(pod, of())).toMatchObject({
    TRACE_SERVICE_NAME: "web",
    TRACE_EXTRA_ATTRIBUTES: "k8s.pod.ip=$(_pod_ip)\nk8s.pod.uid=$(_pod_uid)\nteam=shop",
  });
});

test("tapVariables() has nobody where tap is off, and podInfoVolume() the labels alone", () => {
  expect(tapVariables(of())).toEqual({ TAP_SVC_NAME: undefined });
  expect(podInfoVolume().downwardAPI?.items).toHaveLength(1);
});
