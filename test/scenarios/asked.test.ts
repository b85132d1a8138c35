import { expect, test } from "bun:test";
import { Asked } from "./asked.ts";

test("answers count by whether their client is meshed", () => {
  const asked = new Asked();
  asked.answer("client", "web-v1");
  asked.answer("outsider", "web-v1");
  asked.answer("client", "");
  asked.backends("stranger", 3);
  expect([asked.meshed, asked.unmeshed]).toEqual([4, 1]);
});

test("of two addresses each caller has both in two rounds, however many callers there are", () => {
  for (const callers of [1, 2, 3, 4]) {
    const asked = new Asked();
    const round = (): string[] =>
      Array.from({ length: callers }, () => asked.oneOf(["10.0.0.1", "fd00::1"]));
    const rounds = [round(), round()];
    if (callers !== 3) expect(rounds[0]?.every((each, at) => each !== rounds[1]?.[at])).toBe(true);
    expect(asked.families.size).toBe(2);
    asked.begin();
    expect([asked.families.size, asked.oneOf(["fd00::1"])]).toEqual([0, "fd00::1"]);
  }
});
