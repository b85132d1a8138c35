import { expect, test } from "bun:test";
import fc from "fast-check";
import { applyPatch, type Operation } from "fast-json-patch";
import { AdmissionError, type AdmissionReview, parseAdmissionReview } from "#lib/k8s/admission.ts";
import type { Pod } from "#lib/k8s/types/core.ts";
import { coreKind, fakeReview } from "../../test/fake/review.ts";
import { fakeValues } from "../../test/fake/values.ts";
import { answerReview } from "./review.ts";

const context = {
  values: fakeValues(),
  anchorsPem: "PEM",
  namespaceAnnotations: { "linkerd.io/inject": "enabled" },
};
const KEYS = [
  "linkerd.io/inject",
  "config.linkerd.io/opaque-ports",
  "config.linkerd.io/skip-inbound-ports",
  "config.linkerd.io/proxy-additional-env",
  "pod-template-hash",
  "kubernetes.io/os",
];
const review = (kind: string, object: object | null): AdmissionReview =>
  fakeReview({ kind: coreKind(kind), object: object as never });

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

/** A pod in which any field may be anything. */
const anything = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer(),
  fc.string(),
  fc.constant([]),
  fc.constant([null]),
  fc.constant([1]),
  fc.constant({}),
);
const orAnything = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
  fc.oneof(
    { weight: 4, arbitrary: value as fc.Arbitrary<unknown> },
    { weight: 1, arbitrary: anything },
  );
const record = (fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<unknown> =>
  orAnything(
    fc.record(
      Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, orAnything(value)])),
      { requiredKeys: [] },
    ),
  );
const listOf = (each: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  orAnything(fc.array(each, { maxLength: 2 }));
const probe = record({ httpGet: record({ port: fc.integer(), path: fc.string() }) });
const container = record({
  name: fc.constantFrom("app", "linkerd-proxy"),
  image: fc.string(),
  ports: listOf(record({ containerPort: fc.integer(), name: fc.string(), protocol: fc.string() })),
  readinessProbe: probe,
  livenessProbe: probe,
  securityContext: record({ runAsUser: fc.integer() }),
});
const marks = orAnything(fc.dictionary(fc.constantFrom(...KEYS), orAnything(fc.string())));
const anyPod = record({
  metadata: record({
    annotations: marks,
    labels: marks,
    ownerReferences: listOf(
      record({ kind: fc.string(), name: fc.string(), controller: fc.boolean() }),
    ),
  }),
  spec: record({
    containers: listOf(container),
    initContainers: listOf(container),
    volumes: listOf(record({ name: fc.string() })),
    securityContext: record({ runAsUser: fc.integer() }),
    os: record({ name: fc.string() }),
    nodeSelector: marks,
    hostNetwork: fc.boolean(),
    terminationGracePeriodSeconds: fc.integer(),
  }),
});

test("G1 whatever stands in a pod or a Service, there is an answer", () => {
  fc.assert(
    fc.property(anyPod, fc.constantFrom("Pod", "Service"), (object, kind) => {
      const asked = JSON.stringify(review(kind, object as object));
      let parsed: AdmissionReview;
      try {
        parsed = parseAdmissionReview(asked);
      } catch (error) {
        expect(error).toBeInstanceOf(AdmissionError);
        return;
      }
      const { response } = answerReview(parsed, context).answer;
      expect(response.uid).toBe("1");
    }),
    { numRuns: 3000 },
  );
});
