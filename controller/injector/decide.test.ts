import { expect, test } from "bun:test";
import type { Pod } from "#lib/k8s/types/core.ts";
import { reasonToRefuse, reasonToSkip } from "./decide.ts";

const pod = (annotations: Record<string, string>, spec: object = {}): Pod => ({
  metadata: { annotations },
  spec: { containers: [{ name: "app" }], ...spec },
});
const enabled = { "linkerd.io/inject": "enabled" };
const disabled = { "linkerd.io/inject": "disabled" };

test.each([
  [enabled, undefined, undefined],
  [{}, enabled, undefined],
  [{ "linkerd.io/inject": "ingress" }, disabled, undefined],
  [disabled, enabled, "injection_disable_annotation_present"],
  [{}, disabled, "injection_disable_annotation_present"],
  [{}, undefined, "injection_enable_annotation_absent"],
  [{ "linkerd.io/inject": "yes" }, enabled, "invalid_inject_annotation_at_workload"],
  [{}, { "linkerd.io/inject": "yes" }, "invalid_inject_annotation_at_ns"],
  [enabled, { "linkerd.io/inject": "yes" }, "invalid_inject_annotation_at_ns"],
])("INJ2, INJ3: a pod with %j in a namespace with %j: %p", (own, namespace, reason) => {
  expect(reasonToSkip(pod(own as Record<string, string>), namespace)).toBe(reason as never);
});

test("INJ3: host network and other sidecars are skipped", () => {
  expect(reasonToSkip(pod(enabled, { hostNetwork: true }), {})).toBe("host_network_enabled");
  expect(reasonToSkip(pod(enabled, { initContainers: [{ name: "istio-init" }] }), {})).toBe(
    "sidecar_already_exists",
  );
});

test("a container with the proxy's user is refused, the pod's own user counted", () => {
  const how = { proxyUid: 2102, namespace: undefined };
  expect(reasonToRefuse(pod({}), how)).toBeUndefined();
  expect(reasonToRefuse(pod({}, { securityContext: { runAsUser: 2102 } }), how)).toContain("app");
  const other = pod(
    { "config.linkerd.io/proxy-uid": "2103" },
    { securityContext: { runAsUser: 2102 } },
  );
  expect(reasonToRefuse(other, how)).toBeUndefined();
});
