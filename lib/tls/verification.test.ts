import { expect, test } from "bun:test";
import { verificationProblem } from "./verification.ts";

test("C11: verificationProblem() names the variable that switches verification off", () => {
  expect(verificationProblem({ NODE_TLS_REJECT_UNAUTHORIZED: "0" })).toBe(
    "NODE_TLS_REJECT_UNAUTHORIZED must not be set: it would disable verification",
  );
  expect(verificationProblem({})).toBeUndefined();
  expect(verificationProblem({ NODE_TLS_REJECT_UNAUTHORIZED: "" })).toBeUndefined();
});
