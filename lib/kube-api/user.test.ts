import { expect, test } from "bun:test";
import { LOOPBACK_USER, MASTERS } from "./user.ts";

test("LOOPBACK_USER may do everything", () => {
  expect(LOOPBACK_USER.groups).toContain(MASTERS);
});
