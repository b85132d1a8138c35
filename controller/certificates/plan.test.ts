import { expect, test } from "bun:test";
import { createServingCertificate, type ServingCertificate } from "#lib/k8s/certified-key.ts";
import { FakeAuthority } from "../../test/fake/authority.ts";
import {
  BUNDLE_LIMIT,
  planCertificate,
  RENEWAL_SHARE,
  SERVED_EVERYWHERE_MS,
  type ServedObjects,
  TRUSTED_EVERYWHERE_MS,
} from "./plan.ts";

const HOST = "linkerd-proxy-injector.linkerd.svc";
const DAY_MS = 86_400_000;
const START_MS = Date.parse("2026-01-01T00:00:00Z");
/** Just before and just after two thirds of a year. */
const [FRESH_MS, DUE_MS] = [243, 244].map((days) => START_MS + days * DAY_MS) as [number, number];
const [old, next] = [START_MS, DUE_MS].map((ms) => createServingCertificate(HOST, ms)) as [
  ServingCertificate,
  ServingCertificate,
];

const served = (pair: ServingCertificate, bundlePem = pair.caPem): ServedObjects => ({
  ...pair,
  bundlePem,
});
const plan = (
  objects: ServedObjects,
  how: { wallMs?: number; servedMs?: number; trustedMs?: number; pair?: ServingCertificate } = {},
) => {
  const { wallMs = FRESH_MS, servedMs = 0, trustedMs = 0, pair } = how;
  const nowMs = 1e9;
  const seen = { nowMs, servedMs: nowMs - servedMs, trustedMs: nowMs - trustedMs };
  return planCertificate(objects, { host: HOST, wallMs, seen, pair });
};

test("planCertificate() rests until less than a third of the lifetime is left", () => {
  expect(RENEWAL_SHARE).toBeCloseTo(1 / 3);
  expect(plan(served(old))).toEqual({ type: "rest" });
  expect(plan(served(old), { wallMs: DUE_MS })).toEqual({ type: "make" });
});

test("planCertificate() trusts the new authority beside the old one, waits, serves by it, waits, forgets the old one", () => {
  const due = { wallMs: DUE_MS, pair: next };
  const both = old.caPem + next.caPem;
  expect(plan(served(old), due)).toEqual({ type: "trust", bundlePem: both });
  const trusted = served(old, both);
  expect(plan(trusted, { ...due, trustedMs: TRUSTED_EVERYWHERE_MS - 1 })).toEqual({ type: "wait" });
  expect(plan(trusted, { ...due, trustedMs: TRUSTED_EVERYWHERE_MS })).toEqual({
    type: "serve",
    pair: next,
  });
  const renewed = served(next, both);
  const early = { ...due, servedMs: SERVED_EVERYWHERE_MS - 1 };
  expect(plan(renewed, early)).toEqual({ type: "wait" });
  expect(plan(renewed, { ...due, servedMs: SERVED_EVERYWHERE_MS })).toEqual({
    type: "forget",
    bundlePem: next.caPem,
  });
  expect(plan(served(next), due)).toEqual({ type: "rest" });
});

test("planCertificate() goes on where another one ended: a pair that was lost is made anew, its authority forgotten", () => {
  const lost = createServingCertificate(HOST, DUE_MS);
  const orphaned = served(old, old.caPem + lost.caPem);
  expect(plan(orphaned, { wallMs: DUE_MS })).toEqual({ type: "make" });
  expect(plan(orphaned, { wallMs: DUE_MS, pair: next })).toEqual({
    type: "trust",
    bundlePem: old.caPem + lost.caPem + next.caPem,
  });
  const renewed = served(next, old.caPem + lost.caPem + next.caPem);
  expect(plan(renewed, { servedMs: SERVED_EVERYWHERE_MS })).toEqual({
    type: "forget",
    bundlePem: next.caPem,
  });
});

test("planCertificate() keeps at most BUNDLE_LIMIT authorities, that of what is served among them", () => {
  const lost = Array.from({ length: BUNDLE_LIMIT + 2 }, () => createServingCertificate(HOST, 0));
  const bundlePem = old.caPem + lost.map(({ caPem }) => caPem).join("");
  const kept = [old, ...lost.slice(4), next].map(({ caPem }) => caPem).join("");
  expect(plan(served(old, bundlePem), { wallMs: DUE_MS, pair: next })).toEqual({
    type: "trust",
    bundlePem: kept,
  });
  expect(kept.split("BEGIN")).toHaveLength(BUNDLE_LIMIT + 1);
});

test("planCertificate() puts a configuration right that was set back, by what the Secret notes", () => {
  expect(plan(served(next, old.caPem))).toEqual({
    type: "trust",
    bundlePem: old.caPem + next.caPem,
  });
  expect(plan({ ...served(next, old.caPem), caPem: "" })).toEqual({ type: "make" });
  expect(plan(served(next, "garbage"))).toEqual({ type: "trust", bundlePem: next.caPem });
});

test("planCertificate() does not wait where what is served is of no use", () => {
  const expired = { wallMs: START_MS + 366 * DAY_MS, pair: next };
  const both = old.caPem + next.caPem;
  const serve = { type: "serve", pair: next } as const;
  expect(plan(served(old, both), expired)).toEqual(serve);
  const mixed = { ...served(old, both), keyPem: next.keyPem };
  expect(plan(mixed, { pair: next })).toEqual(serve);
  expect(plan({ ...mixed, keyPem: "garbage" }, { pair: next })).toEqual(serve);
});

test("planCertificate() leaves a user's own certificate alone, however old it is", () => {
  const { keyPem, chainPem: crtPem } = new FakeAuthority("theirs").issue(HOST, -1);
  const bundlePem = old.caPem;
  for (const theirs of [crtPem, "", "garbage", next.crtPem.slice(0, 99)])
    expect(plan({ keyPem, crtPem: theirs, caPem: "", bundlePem }, { wallMs: DUE_MS })).toEqual({
      type: "foreign",
    });
  const other = createServingCertificate("other.svc", START_MS);
  expect(plan(served(other), { wallMs: DUE_MS })).toEqual({ type: "foreign" });
});
