import { expect, test } from "bun:test";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { CertifyRequestSchema, CertifyResponseSchema } from "#lib/api/gen/proxy/identity_pb.ts";
import type { ServerCall } from "#lib/grpc/server.ts";
import { CertifyRefusal } from "../core/certify.ts";
import type { TokenVerdict } from "../core/token-reviewer.ts";
import { createCertifyHandler } from "./identity.ts";

const REQUEST = {
  identity: "web.ns",
  token: Buffer.from("token"),
  certificateSigningRequest: Uint8Array.of(1),
};
const WEB: TokenVerdict = { type: "authenticated", user: "system:serviceaccount:ns:web" };

async function certify(
  request: Partial<typeof REQUEST>,
  verdict: TokenVerdict | Error,
  refusal?: Error,
) {
  const seen: string[] = [];
  const ended = Promise.withResolvers<{ code: number; message: string }>();
  let response: Uint8Array | undefined;
  const call: ServerCall = {
    request: toBinary(
      CertifyRequestSchema,
      create(CertifyRequestSchema, { ...REQUEST, ...request }),
    ),
    clientId: "",
    send: (framed) => {
      response = framed.subarray(5);
    },
    end: (code, message) => ended.resolve({ code, message }),
    blocked: false,
    onCancel: () => undefined,
    onWritable: () => undefined,
  };
  createCertifyHandler({
    reviewer: {
      review: async () => {
        if (verdict instanceof Error) throw verdict;
        return verdict;
      },
    },
    sign: (identity, { account }) => {
      if (refusal !== undefined) throw refusal;
      seen.push(`${identity} for ${account.namespace}/${account.name}`);
      return { leafDer: Uint8Array.of(7), intermediates: [Uint8Array.of(8)], expiresMs: 5_999 };
    },
    onAnswered: (identity, refused) => seen.push(`${identity} ${refused?.code ?? "ok"}`),
  })(call);
  return { ...(await ended.promise), response, seen };
}

test("IDY5: Certify answers with leaf, intermediates and expiry", async () => {
  const { code, response, seen } = await certify({}, WEB);
  expect([code, seen]).toEqual([0, ["web.ns for ns/web", "web.ns ok"]]);
  expect(fromBinary(CertifyResponseSchema, response ?? new Uint8Array(0))).toMatchObject({
    leafCertificate: Uint8Array.of(7),
    intermediateCertificates: [Uint8Array.of(8)],
    validUntil: { seconds: 5n },
  });
});

test.each([
  ["IDY1", "an empty identity", { identity: "" }, WEB, undefined, 3],
  ["IDY1", "an identity that is no name", { identity: "a".repeat(254) }, WEB, undefined, 3],
  ["IDY1", "an empty token", { token: Buffer.from("") }, WEB, undefined, 3],
  [
    "IDY2",
    "a token that is refused",
    {},
    { type: "refused", message: "not authenticated" } as const,
    undefined,
    9,
  ],
  [
    "IDY2",
    "a token that could not be judged",
    {},
    { type: "invalid", message: "expired" } as const,
    undefined,
    3,
  ],
  [
    "IDY2",
    "a token of a node",
    {},
    { type: "authenticated", user: "system:node:a" } as const,
    undefined,
    3,
  ],
  ["IDY2", "an API that is away", {}, new Error("away"), undefined, 13],
  [
    "IDY3",
    "a refusal of the authority",
    {},
    WEB,
    new CertifyRefusal("name", "failed-precondition"),
    9,
  ],
  ["IDY4", "an error of ours", {}, WEB, new Error("ours"), 13],
])("%s: Certify refuses %s", async (_, __, request, verdict, refusal, code) => {
  const answered = await certify(request, verdict, refusal);
  expect([answered.code, answered.response]).toEqual([code, undefined]);
  expect(answered.message).not.toContain("ours");
});
