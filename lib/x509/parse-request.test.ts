import { expect, test } from "bun:test";
import { generateKeyPairSync, sign as signWith } from "node:crypto";
import { parseRequest } from "./parse-request.ts";
import { buildRequest } from "./request.ts";

const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
const key = {
  publicKey: pair.publicKey,
  sign: (bytes: Uint8Array) => signWith("sha256", bytes, pair.privateKey),
};

test("parseRequest() reads what buildRequest() builds", () => {
  const der = buildRequest("web.ns", key);
  expect(parseRequest(der)).toMatchObject({
    commonName: "web.ns",
    dnsNames: ["web.ns"],
    otherNames: 0,
  });
});

test.each([
  ["P-384", "sha384", 3],
  ["P-521", "sha512", 4],
  ["P-256", "sha512", 4],
] as const)(
  "parseRequest() takes a request of a key of %s that is signed with %s, and says so",
  (namedCurve, hash, last) => {
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve });
    const der = buildRequest("web.ns", {
      publicKey,
      sign: (bytes) => signWith(hash, bytes, privateKey),
    });
    expect(parseRequest(der)).toBeUndefined();
    // The algorithm stands outside of what is signed.
    const end = Buffer.from(der).lastIndexOf(Buffer.from("06082a8648ce3d040302", "hex")) + 9;
    expect(parseRequest(der.with(end, last))?.dnsNames).toEqual(["web.ns"]);
    expect(parseRequest(der.with(end, last === 4 ? 3 : 4))).toBeUndefined();
  },
);

test("parseRequest() refuses a wrong signature and every truncation", () => {
  const der = buildRequest("web.ns", key);
  const forged = buildRequest("web.ns", { ...key, sign: () => Uint8Array.of(1, 2, 3) });
  expect(parseRequest(forged)).toBeUndefined();
  for (let length = 0; length < der.length; length++)
    expect(parseRequest(der.subarray(0, length))).toBeUndefined();
});
