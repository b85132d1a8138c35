import { expect, test } from "bun:test";
import { Asked } from "./asked.ts";

test("answers of backends count by whether their client is meshed", () => {
  const asked = new Asked();
  asked.answer("client", "web-v1");
  asked.answer("outsider", "web-v1");
  asked.answer("client", "");
  asked.backends("stranger", 3);
  expect([asked.meshed, asked.unmeshed]).toEqual([4, 1]);
});
