import { expect, test } from "bun:test";
import { symbolsFor } from "./symbols.ts";

test("symbolsFor() colours where it is asked to", () => {
  expect(symbolsFor({ colours: false })).toEqual({ ok: "√", warn: "‼", fail: "×" });
  expect(symbolsFor({ colours: true }).fail).toBe("\u001b[1m\u001b[31m×\u001b[39m\u001b[22m");
});
