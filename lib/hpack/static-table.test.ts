import { expect, test } from "bun:test";
import {
  STATIC_INDEX_OF_NAME,
  STATIC_LENGTH,
  STATIC_NAMES,
  STATIC_VALUES,
} from "./static-table.ts";

test("the static table has the 61 entries of RFC 7541, appendix A", () => {
  expect(STATIC_LENGTH).toBe(61);
  const entry = (index: number) => [STATIC_NAMES[index], STATIC_VALUES[index]];
  expect([entry(1), entry(8), entry(16), entry(61)]).toEqual([
    [":authority", ""],
    [":status", "200"],
    ["accept-encoding", "gzip, deflate"],
    ["www-authenticate", ""],
  ]);
  expect(STATIC_INDEX_OF_NAME.get(":status")).toBe(8);
});
