import { expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import { createTokenIssuer } from "./tokens.ts";

const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const issuer = createTokenIssuer(privateKey, "iss");
const subject = { namespace: "n", name: "a", uid: "u", pod: { name: "p", uid: "pu" } };

test("TokenIssuer verifies what it issued until it expires", () => {
  const token = issuer.issue(subject, { audiences: ["x"], wallMs: 0, seconds: 10, id: "j" });
  expect(issuer.verify(token, 9_000)).toMatchObject({
    audiences: ["x"],
    subject,
    user: { username: "system:serviceaccount:n:a" },
  });
  expect(issuer.verify(token, 10_000)).toBeUndefined();
  const [head, body = "", signature] = token.split(".");
  expect(issuer.verify([head, `${body}A`, signature].join("."), 0)).toBeUndefined();
  expect(issuer.keys).toMatchObject({ keys: [{ alg: "ES256", kty: "EC" }] });
});
