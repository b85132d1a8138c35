import { expect, test } from "bun:test";
import { HTTP_ROUTE } from "./http-route.ts";

test("HTTP_ROUTE has weights from v1beta2 and timeouts from v1beta3 on", () => {
  const having = (word: string): string[] =>
    HTTP_ROUTE.versions
      .filter(({ spec }) => JSON.stringify(spec).includes(`"${word}"`))
      .map(({ name }) => name);
  expect(having("weight")).toEqual(["v1beta2", "v1beta3"]);
  expect(having("timeouts")).toEqual(["v1beta3"]);
  expect(having("matches")).toHaveLength(4);
});
