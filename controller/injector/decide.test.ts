import { expect, test } from "bun:test";
import type { Pod } from "#lib/k8s/types/core.ts";
import { fakeValues } from "../../test/fake/values.ts";
import { portInUse, reasonToDemand, reasonToRefuse, reasonToSkip } from "./decide.ts";
import { settingsOf } from "./settings.ts";

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

const refusal = (one: Pod, namespace?: Record<string, string>): string | undefined =>
  reasonToRefuse(one, {
    settings: settingsOf(fakeValues(), { pod: one.metadata?.annotations, namespace }),
    namespace,
  });

test("H15: a container with the proxy's user is refused, the pod's own user counted", () => {
  expect(refusal(pod({}))).toBeUndefined();
  const same = { securityContext: { runAsUser: 2102 } };
  expect(refusal(pod({}, same))).toContain("container app runs as user 2102");
  expect(refusal(pod({ "config.linkerd.io/proxy-uid": "2103" }, same))).toBeUndefined();
  expect(refusal(pod({ "config.linkerd.io/proxy-uid": "0" }, same))).toContain("2102");
});

test("who may connect is never guessed: a policy or port that cannot be read is refused", () => {
  const policy = { "config.linkerd.io/default-inbound-policy": "all" };
  expect(refusal(pod(policy))).toContain('default-inbound-policy is "all"');
  expect(refusal(pod({}), policy)).toContain('default-inbound-policy is "all"');
  const ports = (text: string): string | undefined =>
    refusal(
      pod(
        { "config.linkerd.io/proxy-require-identity-inbound-ports": text },
        { containers: [{ name: "app", ports: [{ name: "web", containerPort: 80 }] }] },
      ),
    );
  expect([ports("web,1-9"), ports("web,http")]).toEqual([
    undefined,
    expect.stringContaining('has "http", which is neither'),
  ]);
});

test("a namespace may demand the mesh, and no pod can waive that", () => {
  const namespace = { "config.bunkerd.io/require-mesh": "enabled" };
  const skipped = "injection_disable_annotation_present";
  const demand = (one: Pod, marks: Record<string, string>): string | undefined =>
    reasonToDemand(one, { skipped, namespace: marks });
  expect(demand(pod(disabled), namespace)).toContain("demands a proxy");
  expect(demand(pod(namespace), {})).toBeUndefined();
  expect(demand(pod({}, { containers: [{ name: "linkerd-proxy" }] }), namespace)).toBeUndefined();
});

test("portInUse() sees an application on one of the proxy's ports", () => {
  const settings = settingsOf(fakeValues(), { pod: undefined, namespace: undefined });
  const on = (port: object): boolean =>
    portInUse(pod({}, { containers: [{ name: "app", ports: [port] }] }), settings);
  expect([
    on({ containerPort: 4191 }),
    on({ containerPort: 4191, protocol: "UDP" }),
    on({ containerPort: 80 }),
  ]).toEqual([true, false, false]);
});
