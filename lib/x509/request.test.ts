import { expect, test } from "bun:test";
import { generateKeyPairSync, sign } from "node:crypto";
import { decode, encode } from "./asn1.ts";
import { toPem } from "./pem.ts";
import { buildRequest } from "./request.ts";

const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const key = { publicKey, sign: (bytes: Uint8Array) => sign("sha256", bytes, privateKey) };
const NAME = "web.ns.serviceaccount.identity.linkerd.cluster.local";

test("buildRequest() makes what node-forge reads and writes the same", () => {
  const der = buildRequest(NAME, key);
  expect(encode(decode(der)).toHex()).toBe(der.toHex());
});

test.skipIf(Bun.which("openssl") === null)(
  "buildRequest() makes what openssl verifies, with its name as DNS name",
  () => {
    const stdin = Buffer.from(toPem("CERTIFICATE REQUEST", buildRequest(NAME, key)));
    const { stdout, stderr, exitCode } = Bun.spawnSync(
      ["openssl", "req", "-verify", "-noout", "-text"],
      { stdin, stderr: "pipe" },
    );
    expect(exitCode).toBe(0);
    expect(`${stdout}${stderr}`).toMatch(/verify OK/);
    expect(stdout.toString()).toContain(`DNS:${NAME}`);
    expect(stdout.toString()).toMatch(new RegExp(`Subject: CN ?= ?${NAME}`));
  },
);
