import { expect, test } from "bun:test";
import type { KubeClient } from "#lib/k8s/client.ts";
import type { EventFacts, EventSubject } from "#lib/k8s/events.ts";
import type { Pod } from "#lib/k8s/types/core.ts";
import { writeExposition } from "#lib/metrics/exposition.ts";
import { Registry } from "#lib/metrics/registry.ts";
import { createTelling, type Told } from "./telling.ts";

const pod: Pod = {
  metadata: {
    labels: { "pod-template-hash": "abc" },
    annotations: { "config.linkerd.io/proxy-log-level": "x".repeat(100) },
    ownerReferences: [{ apiVersion: "apps/v1", kind: "ReplicaSet", name: "web-abc", uid: "rs" }],
  },
  spec: { containers: [{ name: "app" }] },
};
const skipped = { type: "skipped", reason: "host_network_enabled" } as const;

type Written = { subject: EventSubject; facts: EventFacts; refined: EventSubject | undefined };

async function tell(over: Partial<Told>, deployment?: object): Promise<[Written[], string]> {
  const calls: Promise<Written>[] = [];
  const registry = new Registry();
  const telling = createTelling({
    registry,
    client: { get: () => Promise.resolve(deployment) } as unknown as KubeClient,
    events: {
      dropped: 0,
      stop: () => undefined,
      write: (subject, facts, refine) => {
        const refined = refine?.() ?? Promise.resolve(undefined);
        calls.push(refined.then((better) => ({ subject, facts, refined: better })));
      },
    },
  });
  telling({
    pod,
    namespace: "shop",
    namespaceAnnotations: { "linkerd.io/inject": "enabled" },
    outcome: { type: "injected" },
    dryRun: false,
    ...over,
  });
  const text = writeExposition(registry, { nowMs: 0, retainIdleMs: Number.POSITIVE_INFINITY });
  return [await Promise.all(calls), text];
}

test("INJ3: an event on the owner, which is the Deployment where the API knows it", async () => {
  const [[event]] = await tell({}, { metadata: { uid: "d" } });
  expect(event).toEqual({
    subject: {
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      name: "web-abc",
      uid: "rs",
      namespace: "shop",
    },
    facts: { type: "Normal", reason: "Injected", message: "The proxy was added" },
    refined: {
      apiVersion: "apps/v1",
      kind: "Deployment",
      name: "web",
      uid: "d",
      namespace: "shop",
    },
  });
  const [[unknown]] = await tell({});
  expect(unknown?.refined).toBeUndefined();
});

test("INJ3: why a pod was skipped; on the pod itself where nobody owns it", async () => {
  const [[event]] = await tell({ pod: { metadata: { name: "alone" } }, outcome: skipped });
  expect(event?.subject).toEqual({
    apiVersion: "v1",
    kind: "Pod",
    name: "alone",
    namespace: "shop",
  });
  expect(event?.facts.reason).toBe("InjectionSkipped");
  expect(event?.facts.message).toEndWith("is not redirected (host_network_enabled)");
});

test("G4: a dry run, a refusal and a pod without a name leave no event", async () => {
  expect((await tell({ dryRun: true }))[0]).toEqual([]);
  expect((await tell({ outcome: { type: "refused", message: "no" } }))[0]).toEqual([]);
  expect((await tell({ pod: { metadata: { generateName: "a-" } } }))[0]).toEqual([]);
});

test("CPM3: reviews are counted, with a label for each setting", async () => {
  const [, text] = await tell({ outcome: skipped });
  const labels = `annotation_at="namespace",proxy_log_level="${"x".repeat(64)}"`;
  expect(text).toContain(
    `proxy_inject_admission_requests_total{owner_kind="deployment",namespace="shop",${labels}} 1`,
  );
  expect(text).toContain(
    `proxy_inject_admission_responses_total{owner_kind="deployment",namespace="shop",skip="true",skip_reason="host_network_enabled",${labels}} 1`,
  );
});
