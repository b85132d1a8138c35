import { expect, test } from "bun:test";
import { alpnWire } from "./alpn.ts";

test("alpnWire() writes names with their lengths", () => {
  expect(Buffer.from(alpnWire(["h2", "a"])).toString("hex")).toBe("0268320161");
});
