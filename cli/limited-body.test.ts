import { expect, test } from "bun:test";
import { limitedBody } from "./limited-body.ts";

test("limitedBody() has all of it up to the limit, and nothing beyond", async () => {
  expect(await limitedBody(new Response("four"), 4)).toBe("four");
  expect(await limitedBody(new Response("five!"), 4)).toBeUndefined();
  expect(await limitedBody(new Response(null), 4)).toBe("");
});
