import { expect, test } from "bun:test";
import { generateKeyPairSync, type KeyObject, sign, X509Certificate } from "node:crypto";
import { GrpcCode, GrpcError } from "#lib/grpc/status.ts";
import { buildRequest, type Sign } from "#lib/x509/request.ts";
import { signCertificate } from "#lib/x509/sign.ts";
import {
  CLOCK_SKEW_MS,
  checkIdentity,
  checkRequest,
  type Issuer,
  issueLeaf,
  LEAF_LIFETIME_MS,
} from "./authority.ts";

const NOW = new Date("2030-01-01T00:00:00Z");
const DOMAIN = { controlPlaneNamespace: "linkerd", trustDomain: "cluster.local" };
const NAME = "web.ns.serviceaccount.identity.linkerd.cluster.local";
const TOKEN = Uint8Array.of(1);

const signer =
  (key: KeyObject): Sign =>
  (bytes) =>
    sign("sha256", bytes, key);

const ec = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
const REQUEST = buildRequest(NAME, { publicKey: ec.publicKey, sign: signer(ec.privateKey) });

const issuerOf = (notAfter: Date): Issuer => {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const der = signCertificate(
    {
      commonName: "issuer",
      issuerCommonName: "issuer",
      dnsNames: [],
      publicKey,
      serial: Uint8Array.of(1),
      notBefore: NOW,
      notAfter,
      authority: true,
    },
    signer(privateKey),
  );
  return {
    commonName: "issuer",
    chain: [new X509Certificate(der)],
    sign: signer(privateKey),
  };
};

const codeOf = (call: () => unknown): number | undefined => {
  try {
    call();
    return undefined;
  } catch (error) {
    return error instanceof GrpcError ? error.code : -1;
  }
};

test("checkRequest() accepts a request for the identity alone", () => {
  const parsed = checkRequest({ identity: NAME, token: TOKEN, request: REQUEST });
  expect(parsed.dnsNames).toEqual([NAME]);
});

test("checkRequest() answers INVALID_ARGUMENT to what is empty or malformed", () => {
  const none = new Uint8Array();
  for (const call of [
    { identity: "", token: TOKEN, request: REQUEST },
    { identity: NAME, token: none, request: REQUEST },
    { identity: NAME, token: TOKEN, request: none },
    { identity: NAME, token: TOKEN, request: TOKEN },
  ])
    expect(codeOf(() => checkRequest(call))).toBe(GrpcCode.INVALID_ARGUMENT);
});

test("checkRequest() answers FAILED_PRECONDITION to another name and to a key that is not ECDSA", () => {
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const foreign = buildRequest(NAME, { publicKey: rsa.publicKey, sign: signer(rsa.privateKey) });
  for (const call of [
    { identity: "other", token: TOKEN, request: REQUEST },
    { identity: NAME, token: TOKEN, request: foreign },
  ])
    expect(codeOf(() => checkRequest(call))).toBe(GrpcCode.FAILED_PRECONDITION);
});

test("checkIdentity() holds the identity to the reviewed account", () => {
  const code = (user: string): number | undefined =>
    codeOf(() => checkIdentity(NAME, user, DOMAIN));
  expect(code("system:serviceaccount:ns:web")).toBeUndefined();
  expect(code("system:serviceaccount:ns:other")).toBe(GrpcCode.FAILED_PRECONDITION);
  expect(code("admin")).toBe(GrpcCode.INVALID_ARGUMENT);
});

test("issueLeaf() gives 24 h and the skew on both sides, signed by the issuer", () => {
  const issuer = issuerOf(new Date("2040-01-01T00:00:00Z"));
  const request = checkRequest({ identity: NAME, token: TOKEN, request: REQUEST });
  const issued = issueLeaf(issuer, request, { now: NOW, serial: Uint8Array.of(9) });
  const leaf = new X509Certificate(issued.leaf);
  const [above] = issuer.chain;
  expect(above !== undefined && leaf.verify(above.publicKey)).toBe(true);
  expect(leaf.checkHost(NAME)).toBe(NAME);
  expect(new Date(leaf.validFrom).getTime()).toBe(NOW.getTime() - CLOCK_SKEW_MS);
  expect(new Date(leaf.validTo).getTime()).toBe(NOW.getTime() + LEAF_LIFETIME_MS + CLOCK_SKEW_MS);
  expect(issued.intermediates).toEqual(issuer.chain.map(({ raw }) => new Uint8Array(raw)));
});

test("issueLeaf() never outlives the issuer", () => {
  const end = new Date("2030-01-01T01:00:00Z");
  const request = checkRequest({ identity: NAME, token: TOKEN, request: REQUEST });
  const at = { now: NOW, serial: Uint8Array.of(9) };
  expect(issueLeaf(issuerOf(end), request, at).notAfter).toEqual(end);
});
