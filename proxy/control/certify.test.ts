import { expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { create, toBinary } from "@bufbuild/protobuf";
import { CertifyResponseSchema } from "#lib/api/gen/proxy/identity_pb.ts";
import { readTrustBundle } from "#lib/identity/trust-bundle.ts";
import { FakeAuthority } from "../../test/fake/authority.ts";
import { certify } from "./certify.ts";

const NAME = "web.test.serviceaccount.identity.linkerd.cluster.local";
const NOW_MS = Date.now();
const DAY_S = 86_400n;

/** What becomes of an answer with a certificate for a name, by an authority that may be trusted. */
async function answered(
  how: {
    readonly name?: string;
    readonly trusted?: boolean;
    readonly validS?: bigint;
    readonly ours?: boolean;
  } = {},
): Promise<string> {
  const { name = NAME, trusted = true, validS = DAY_S, ours = true } = how;
  const authority = new FakeAuthority();
  const issued = authority.issue(name);
  const leaf = new X509Certificate(issued.chainPem);
  const answer = create(CertifyResponseSchema, {
    leafCertificate: leaf.raw,
    validUntil: { seconds: BigInt(Math.floor(NOW_MS / 1000)) + validS },
  });
  const paths: string[] = [];
  const result = await certify({
    channel: {
      call: (path: string) => {
        paths.push(path);
        return Promise.resolve(toBinary(CertifyResponseSchema, answer));
      },
    },
    localName: NAME,
    key: {
      keyPem: (ours ? issued : authority.issue(name)).keyPem,
      csrDer: new Uint8Array(),
    },
    bundle: () => readTrustBundle((trusted ? authority : new FakeAuthority()).anchorsPem),
    readToken: () => Promise.resolve(new Uint8Array()),
    wallMs: () => NOW_MS,
  }).catch((error: { code: string }) => error.code);
  expect(paths).toEqual(["/io.linkerd.proxy.identity.Identity/Certify"]);
  return typeof result === "string" ? result : result.chainPem;
}

test("certify() gives a chain that is ours and trusted", async () => {
  expect(await answered()).toStartWith("-----BEGIN CERTIFICATE-----");
});

test("certify() refuses what has expired, is another's or for another key, or chains to no anchor", async () => {
  expect(await answered({ validS: 0n })).toBe("expired");
  expect(await answered({ name: "other.test" })).toBe("name");
  expect(await answered({ ours: false })).toBe("key");
  expect(await answered({ trusted: false })).toBe("untrusted");
});
