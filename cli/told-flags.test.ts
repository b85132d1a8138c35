import { expect, test } from "bun:test";
import { Command } from "commander";
import type { Context } from "./context.ts";
import { addToldFlags, deprecated, idle } from "./told-flags.ts";

test("a flag that is given is told, one that is not is not", async () => {
  let err = "";
  const context = { terminal: { warn: (text: string) => (err += text) } } as unknown as Context;
  const command = addToldFlags(new Command("x"), context, [
    ["--old <text>", deprecated("--new")],
    ["--idle", idle("nobody reads it")],
    ["--other", idle("nobody reads it")],
  ]).action(() => undefined);
  await command.parseAsync(["--old", "1", "--idle"], { from: "user" });
  expect(err).toBe("--old is deprecated: use --new\n--idle has no effect: nobody reads it\n");
  expect(command.helpInformation()).not.toContain("--idle");
});
