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

test("parseRequest() refuses a wrong signature and every truncation", () => {
  const der = buildRequest("web.ns", key);
  const forged = buildRequest("web.ns", { ...key, sign: () => Uint8Array.of(1, 2, 3) });
  expect(parseRequest(forged)).toBeUndefined();
  for (let length = 0; length < der.length; length++)
    expect(parseRequest(der.subarray(0, length))).toBeUndefined();
});
