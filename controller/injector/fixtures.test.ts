import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { applyPatch, type Operation } from "fast-json-patch";
import { load } from "js-yaml";
import { AdmissionError, parseAdmissionReview } from "#lib/k8s/admission.ts";
import { parseQuantity } from "#lib/k8s/quantity.ts";
import type { Container, Pod } from "#lib/k8s/types/core.ts";
import { planRedirect } from "../../cni/redirect/plan.ts";
import { readConfig } from "../../proxy/config/read.ts";
import { coreKind, fakeReview } from "../../test/fake/review.ts";
import { fakeValues } from "../../test/fake/values.ts";
import { answerReview, type Reviewed } from "./review.ts";
import type { InjectValues, ProxyValues } from "./values.ts";
import { SETTING_NAMES } from "./without-effect.ts";

type Texts = Record<string, string>;
/** One review and its answer; what is left out is as the README of the folder says. */
type Fixture = {
  readonly title: string;
  /** The namespace's annotations; null where it is not known. */
  readonly ns?: Texts | null;
  /** Annotations, labels, owner and spec of the pod. */
  readonly marks?: Texts;
  readonly labels?: Texts;
  readonly owner?: `${string}/${string}`;
  readonly spec?: object;
  /** What the installation sets of proxies. */
  readonly values?: Partial<ProxyValues>;
  /** Or the whole object, of another kind too; or what else the request says; or the whole body. */
  readonly object?: object | null;
  readonly kind?: string;
  readonly version?: string;
  readonly request?: object;
  readonly body?: string;
  readonly is: "injected" | "skipped" | "refused" | "unchanged" | "patched" | "error";
  /** The reason, or a part of the message. */
  readonly why?: string;
  /** What the object has after the patch, among others. */
  readonly pod?: object;
  readonly proxy?: object;
  readonly at?: string;
  readonly noStartup?: boolean;
  /** Keys that neither labels nor annotations have. */
  readonly without?: readonly string[];
  /** Variables of the proxy; null where there is none of the name. */
  readonly env?: Record<string, string | null>;
  /** A part of each warning, in order. */
  readonly warns?: readonly string[];
};

const PEM = "PEM";
const FOLDER = new URL("fixtures/", import.meta.url).pathname;
const FIXTURES = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".yaml"))
  .flatMap((name) => load(readFileSync(FOLDER + name, "utf8")) as Fixture[]);
/** Words that stand for what would be too long to write. */
const LONG: Texts = {
  deep: `{"a":${"[".repeat(10_000)}${"]".repeat(10_000)}}`,
  megabyte: "1234,".repeat(200_000),
  longest: "x".repeat(253),
  fits: "x".repeat(63),
};
const lengthened = (text: string): string =>
  Object.hasOwn(LONG, text) ? (LONG[text] ?? "") : text;

function bodyOf(fixture: Fixture): string {
  if (fixture.body !== undefined) return lengthened(fixture.body);
  const { kind = "Pod", version = "admission.k8s.io/v1", object = podOf(fixture) } = fixture;
  const review = fakeReview({ kind: coreKind(kind), object: object as never, ...fixture.request });
  return JSON.stringify({ ...review, apiVersion: version });
}

function podOf({ marks, labels, owner, spec }: Fixture): Pod {
  const [kind = "", name = ""] = owner?.split("/") ?? [];
  return {
    metadata: {
      ...(marks && {
        annotations: Object.fromEntries(
          Object.entries(marks).map(([key, value]) => [key, lengthened(value)]),
        ),
      }),
      ...(labels && { labels }),
      ...(owner && {
        ownerReferences: [{ apiVersion: "apps/v1", kind, name: lengthened(name), uid: "1" }],
      }),
    },
    spec: { containers: [{ name: "app" }], ...spec },
  };
}

const containersOf = ({ spec }: Pod): Container[] => [
  ...(spec?.initContainers ?? []),
  ...(spec?.containers ?? []),
];
const proxyOf = (pod: Pod): Container | undefined =>
  containersOf(pod).find(({ name }) => name === "linkerd-proxy");

/** What the API server would refuse the pod for. */
function refusals(pod: Pod): string[] {
  const proxy = proxyOf(pod);
  const names = containersOf(pod).map(({ name }) => name);
  const volumes = (pod.spec?.volumes ?? []).map(({ name }) => name);
  const wait = proxy?.lifecycle?.preStop?.sleep?.seconds ?? 0;
  const wrong: [boolean, string][] = [
    [new Set(names).size !== names.length, "two containers of one name"],
    [new Set(volumes).size !== volumes.length, "two volumes of one name"],
    [wait > (pod.spec?.terminationGracePeriodSeconds ?? 30), "preStop beyond the grace period"],
    ...Object.entries(pod.metadata?.labels ?? {}).map(([key, value]): [boolean, string] => [
      !/^(?:[a-z0-9A-Z](?:[\w.-]{0,61}[a-z0-9A-Z])?)?$/.test(value),
      `label ${key}`,
    ]),
    ...(proxy?.env ?? []).map(({ name, value, valueFrom }): [boolean, string] => [
      !/^[-._a-zA-Z][-._a-zA-Z0-9]*$/.test(name) ||
        (value !== undefined && (typeof value !== "string" || valueFrom !== undefined)),
      `variable ${name}`,
    ]),
    ...quantityFaults(proxy?.resources),
  ];
  return wrong.flatMap(([is, what]) => (is ? [what] : []));
}

function quantityFaults(resources: Container["resources"]): [boolean, string][] {
  const { requests = {}, limits = {} } = resources ?? {};
  return [
    ...Object.entries({ ...requests, ...limits }).map(([name, quantity]): [boolean, string] => [
      parseQuantity(quantity) === undefined,
      `quantity of ${name}`,
    ]),
    ...Object.entries(requests).map(([name, request]): [boolean, string] => [
      (parseQuantity(request) ?? 0) > (parseQuantity(limits[name] ?? "1E") ?? 0),
      `request of ${name} above its limit`,
    ]),
  ];
}

/** The variables as the kubelet would set them. */
function expanded(pod: Pod): Texts {
  const set: Texts = {};
  for (const { name, value, valueFrom } of proxyOf(pod)?.env ?? [])
    set[name] =
      value?.replaceAll(/\$\((\w+)\)/g, (_, key: string) => set[key] ?? "") ??
      (valueFrom?.fieldRef?.fieldPath === "status.podIPs" ? "10.0.0.1" : "x");
  return set;
}

const ns = (fixture: Fixture): Texts | undefined =>
  fixture.ns === undefined ? { "linkerd.io/inject": "enabled" } : (fixture.ns ?? undefined);

function valuesOf({ values }: Fixture): InjectValues {
  const all = fakeValues();
  return { ...all, proxy: { ...all.proxy, ...values } };
}

function review(fixture: Fixture, body: string): Reviewed & { readonly object: Pod } {
  const parsed = parseAdmissionReview(body);
  const context = {
    values: valuesOf(fixture),
    anchorsPem: PEM,
    namespaceAnnotations: ns(fixture),
  };
  const reviewed = answerReview(parsed, context);
  const steps = Buffer.from(reviewed.answer.response.patch ?? "W10=", "base64").toString();
  const object = structuredClone(parsed.request.object ?? {}) as Pod;
  const patched = applyPatch(object, JSON.parse(steps) as Operation[], true, true, false);
  return { ...reviewed, object: patched.newDocument };
}

function seeInjected(fixture: Fixture, pod: Pod): void {
  expect([...refusals(pod)]).toEqual([]);
  const config = readConfig(expanded(pod));
  expect(config).toMatchObject({ type: "config" });
  const annotations = pod.metadata?.annotations ?? {};
  planRedirect({ annotations, namespaceAnnotations: ns(fixture) ?? {}, controlPlane: false });
  const request = { ...JSON.parse(bodyOf({ title: "", is: "skipped", object: pod })) };
  const again = review(fixture, JSON.stringify(request));
  expect(again.answer.response.patch).toBeUndefined();
  if (fixture.noStartup === true) expect(proxyOf(pod)?.startupProbe).toBeUndefined();
  if (fixture.proxy !== undefined) expect(proxyOf(pod)).toMatchObject(fixture.proxy);
  const [list, index] = (fixture.at ?? "initContainers.0").split(".");
  if (fixture.at !== undefined)
    expect(pod.spec?.[list as "containers"]?.[Number(index)]?.name).toBe("linkerd-proxy");
  const variables = Object.fromEntries((proxyOf(pod)?.env ?? []).map((each) => [each.name, each]));
  for (const [name, value] of Object.entries(fixture.env ?? {}))
    expect(variables[name]?.value ?? null).toBe(value);
}

function see(fixture: Fixture): void {
  const body = bodyOf(fixture);
  if (fixture.is === "error") {
    expect(() => parseAdmissionReview(body)).toThrow(AdmissionError);
    return;
  }
  const { answer, decided, object } = review(fixture, body);
  const { allowed, patch, status, warnings = [] } = answer.response;
  expect(allowed).toBe(fixture.is !== "refused");
  expect(decided?.outcome.type ?? "none").toBe(
    (fixture.is === "unchanged" || fixture.is === "patched" ? "none" : fixture.is) as "none",
  );
  if (fixture.is === "unchanged" || fixture.is === "refused") expect(patch).toBeUndefined();
  if (fixture.is === "refused") expect(status?.message).toContain(fixture.why ?? "");
  if (fixture.is === "skipped") expect(decided?.outcome).toMatchObject({ reason: fixture.why });
  if (fixture.is === "injected") seeInjected(fixture, object);
  if (fixture.pod !== undefined) expect(object).toMatchObject(fixture.pod as never);
  for (const key of fixture.without ?? [])
    expect({ ...object.metadata?.labels, ...object.metadata?.annotations }).not.toHaveProperty([
      key,
    ]);
  const parts = fixture.warns ?? [];
  expect(warnings.map((each, at) => (each.includes(parts[at] ?? "?") ? parts[at] : each))).toEqual([
    ...parts,
  ]);
}

test.each(FIXTURES.map((fixture) => [fixture.title, fixture] as const))("%s", (_, fixture) => {
  see(fixture);
});

test("every review has a title of its own, and none is lost", () => {
  expect(new Set(FIXTURES.map(({ title }) => title)).size).toBe(FIXTURES.length);
  expect(FIXTURES.length).toBeGreaterThanOrEqual(120);
  expect(({} as Texts)["polluted"]).toBeUndefined();
});

test("every setting that an annotation may have stands in some review", () => {
  const all = JSON.stringify(FIXTURES.map(({ marks, ns: of }) => [marks, of]));
  expect(SETTING_NAMES.filter((name) => !all.includes(`config.linkerd.io/${name}"`))).toEqual([]);
});

test("the anchors' digest is written on the pod", () => {
  const { object } = review({ title: "", is: "injected" }, bodyOf({ title: "", is: "injected" }));
  expect(object.metadata?.annotations).toMatchObject({
    "linkerd.io/created-by": "linkerd/proxy-injector 1.2.3",
    "linkerd.io/proxy-version": "1.2.3",
    "linkerd.io/trust-root-sha256": createHash("sha256").update(PEM).digest("hex"),
  });
});
