import { expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { FakeAuthority } from "../../test/fake/authority.ts";
import {
  ANCHORS_LIMIT,
  anchorOf,
  createTrustBundle,
  isAmbiguous,
  readTrustBundle,
  TrustBundleError,
} from "./trust-bundle.ts";

const [one, two] = [new FakeAuthority("same"), new FakeAuthority("same")];
const der = (authority: FakeAuthority): Uint8Array => new X509Certificate(authority.anchorsPem).raw;
const chain = (authority: FakeAuthority): X509Certificate[] => [
  new X509Certificate(authority.issue("web").der),
];
const codeOf = (act: () => unknown): string | undefined => {
  try {
    act();
    return undefined;
  } catch (error) {
    return error instanceof TrustBundleError ? error.code : String(error);
  }
};

test("readTrustBundle() calls a set of anchors the same, however it is written", () => {
  const both = readTrustBundle(one.anchorsPem + two.anchorsPem);
  const again = readTrustBundle(`# next\n${two.anchorsPem}\r\n${one.anchorsPem}${two.anchorsPem}`);
  expect([both.generation, both.anchors.length]).toEqual([again.generation, 2]);
  expect(both.pem).toBe(again.pem);
  expect(both.generation).toMatch(/^[0-9a-f]{16}$/);
  expect(createTrustBundle([der(two), der(one)]).generation).toBe(both.generation);
  expect(readTrustBundle(one.anchorsPem).generation).not.toBe(both.generation);
  expect(readTrustBundle(both.pem)).toEqual(both);
});

test("readTrustBundle() refuses what is empty, garbage in part or too much", () => {
  const garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  const noBase64 = "-----BEGIN CERTIFICATE-----\nA=A=A\n-----END CERTIFICATE-----\n";
  expect(codeOf(() => readTrustBundle("anchors"))).toBe("empty");
  expect(codeOf(() => readTrustBundle(one.anchorsPem + garbage))).toBe("unreadable");
  expect(codeOf(() => readTrustBundle(one.anchorsPem + noBase64))).toBe("unreadable");
  const cutOff = two.anchorsPem.slice(0, two.anchorsPem.length / 2);
  expect(codeOf(() => readTrustBundle(`${cutOff}\n${one.anchorsPem}`))).toBe("unreadable");
  expect(codeOf(() => readTrustBundle(one.anchorsPem + cutOff))).toBe("unreadable");
  const most = Array.from({ length: ANCHORS_LIMIT }, () => der(one));
  expect(createTrustBundle(most).anchors).toHaveLength(1);
  expect(codeOf(() => createTrustBundle([...most, der(two)]))).toBe("too-many");
});

test("anchorOf() names the anchor that a chain leads to, among those of one name too", () => {
  const both = readTrustBundle(one.anchorsPem + two.anchorsPem);
  const fingerprint = (authority: FakeAuthority): string =>
    new X509Certificate(authority.anchorsPem).fingerprint256
      .replaceAll(":", "")
      .toLowerCase()
      .slice(0, 16);
  for (const authority of [one, two]) {
    expect(anchorOf(chain(authority), both)).toBe(fingerprint(authority));
    const root = new X509Certificate(authority.anchorsPem);
    expect(anchorOf([...chain(authority), root], both)).toBe(fingerprint(authority));
  }
  expect(anchorOf(chain(two), readTrustBundle(one.anchorsPem))).toBeUndefined();
  expect(anchorOf([], both)).toBeUndefined();
  const unlinked = [...chain(one), new X509Certificate(two.anchorsPem)];
  expect(anchorOf(unlinked, both)).toBeUndefined();
});

test("isAmbiguous() finds certificates that do not say which of two anchors of one name they are by", () => {
  const both = readTrustBundle(one.anchorsPem + two.anchorsPem);
  expect(isAmbiguous(chain(one), both)).toBe(false);
  const { der: nameless } = one.issueNameless("web");
  const old = [new X509Certificate(nameless)];
  expect(isAmbiguous(old, both)).toBe(true);
  expect(isAmbiguous(old, readTrustBundle(one.anchorsPem))).toBe(false);
});
