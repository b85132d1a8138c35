import { expect, test } from "bun:test";
import { embedShim as embedded } from "./build.ts" with { type: "macro" };
import { buildShim, embedShim } from "./build.ts";

const canBuild = Bun.which("clang") !== null || Bun.which("gcc") !== null;

test.skipIf(!canBuild)(
  "embedShim() gives an ELF program, as a macro too (needs a C compiler)",
  () => {
    for (const text of [embedShim(), embedded()])
      expect(Buffer.from(text, "base64").subarray(0, 4).toString("latin1")).toBe("\x7fELF");
  },
);

test.skipIf(!canBuild)("buildShim() says what the compiler said (needs a C compiler)", () => {
  expect(() => buildShim("/dev/null", ["-DDEADLINE_MS=x"])).toThrow("Cannot build the shim");
});
