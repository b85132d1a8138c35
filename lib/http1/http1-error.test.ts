import { expect, test } from "bun:test";
import { ambiguous, malformed, overLimit, unsupported } from "./http1-error.ts";

test("each kind of refusal has its code and status", () => {
  expect(malformed("x")).toMatchObject({ code: "malformed", status: 400 });
  expect(ambiguous("x")).toMatchObject({ code: "ambiguous", status: 400 });
  expect(overLimit("x", 431)).toMatchObject({ code: "limit", status: 431 });
  expect(unsupported("x", 501)).toMatchObject({ code: "unsupported", status: 501 });
  expect(malformed("it ended").message).toBe("Cannot read message: it ended");
});
