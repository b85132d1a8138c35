import { expect, test } from "bun:test";
import { applyPatch, type Operation } from "fast-json-patch";
import type { AdmissionReview } from "#lib/k8s/admission.ts";
import type { Pod } from "#lib/k8s/types/core.ts";
import { fakeValues } from "../../test/fake/values.ts";
import { answerReview } from "./review.ts";

const context = {
  values: fakeValues(),
  anchorsPem: "PEM",
  namespaceAnnotations: { "linkerd.io/inject": "enabled" },
};
const review = (kind: string, object: object | null): AdmissionReview => ({
  apiVersion: "admission.k8s.io/v1",
  kind: "AdmissionReview",
  request: {
    uid: "1",
    kind: { group: "", version: "v1", kind },
    operation: "CREATE",
    namespace: "shop",
    object: object as never,
  },
});

function patched<T extends object>(kind: string, object: T): T {
  const { patch = "W10=" } = answerReview(review(kind, object), context).answer.response;
  const steps = JSON.parse(Buffer.from(patch, "base64").toString()) as Operation[];
  return applyPatch(structuredClone(object), steps).newDocument;
}

test("INJ1: the patch for a pod adds the proxy, to one without metadata too", () => {
  const pod = patched<Pod>("Pod", { spec: { containers: [{ name: "app" }] } });
  expect(pod.spec?.initContainers?.map(({ name }) => name)).toEqual(["linkerd-proxy"]);
  expect(pod.metadata?.labels?.["linkerd.io/workload-ns"]).toBe("shop");
  expect(patched<Pod>("Pod", pod)).toEqual(pod);
});

test("INJ4: a Service gets its opaque ports; other kinds and deletions pass as they are", () => {
  const service = patched("Service", { metadata: {}, spec: { ports: [{ port: 25 }] } });
  expect(service.metadata).toEqual({ annotations: { "config.linkerd.io/opaque-ports": "25" } });
  for (const other of [review("Secret", {}), review("Pod", null)])
    expect(answerReview(other, context).answer.response).toEqual({ uid: "1", allowed: true });
});

test("a pod with a container that runs as the proxy's user is refused, unless it is not injected", () => {
  const containers = [{ name: "app", securityContext: { runAsUser: 2102 } }];
  const refused = answerReview(review("Pod", { spec: { containers } }), context).answer.response;
  expect([refused.allowed, refused.status?.message]).toEqual([
    false,
    expect.stringContaining("container app runs as user 2102"),
  ]);
  const outside = { spec: { containers, hostNetwork: true } };
  expect(answerReview(review("Pod", outside), context).answer.response.allowed).toBe(true);
});
