import { expect, test } from "bun:test";
import { ANCHORS_PEM, INSTALLED_MS } from "../../test/fake/installed.ts";
import {
  expiresSoon,
  isIssuedBy,
  keyProblem,
  nameOf,
  parseCertificates,
  timeProblem,
} from "./certificate.ts";

const [anchor] = parseCertificates(ANCHORS_PEM);
if (anchor === undefined) throw new Error("Cannot test: there is no anchor");
const YEAR_MS = 365 * 86_400_000;

test("times are judged, with the date", () => {
  expect(timeProblem(anchor, INSTALLED_MS)).toBeUndefined();
  expect(timeProblem(anchor, INSTALLED_MS - YEAR_MS)).toStartWith("not valid before: 2025-12-3");
  expect(timeProblem(anchor, INSTALLED_MS + 11 * YEAR_MS)).toStartWith(
    "not valid anymore. Expired on 20",
  );
  expect(expiresSoon(anchor, INSTALLED_MS)).toBeUndefined();
  expect(expiresSoon(anchor, INSTALLED_MS + 9.9 * YEAR_MS)).toStartWith("will expire on 20");
});

test("keys and issuers are judged", () => {
  expect(keyProblem(anchor, { rsa: false })).toBeUndefined();
  expect(isIssuedBy(anchor, [anchor])).toBe(true);
  expect(isIssuedBy(anchor, [])).toBe(false);
  expect(nameOf(anchor)).toMatch(/^\d+ root.linkerd.cluster.local$/);
});

test("a text without certificates is refused", () => {
  expect(() => parseCertificates("x")).toThrow("there is no certificate in the PEM text");
  expect(() => parseCertificates(ANCHORS_PEM + ANCHORS_PEM.slice(0, 100))).toThrow("not whole");
});
