import { expect, test } from "bun:test";
import { Command } from "commander";
import type { Context } from "./context.ts";
import { addToldFlags, idle, older } from "./told-flags.ts";

test("a flag that is given is told, one that is not is not", async () => {
  let err = "";
  const context = { terminal: { warn: (text: string) => (err += text) } } as unknown as Context;
  const command = addToldFlags(new Command("x"), context, [
    older("--old <text>", "--new-name"),
    ["--idle", idle("nobody reads it")],
    ["--other", idle("nobody reads it")],
  ]).action(() => undefined);
  await command.parseAsync(["--old", "1", "--idle"], { from: "user" });
  expect(err).toBe("--old is deprecated: use --new-name\n--idle has no effect: nobody reads it\n");
  expect(command.helpInformation()).not.toContain("--idle");
});

test("an older name stands for the newer one, where that is not given", async () => {
  const context = { terminal: { warn: () => undefined } } as unknown as Context;
  const optionsOf = async (...words: string[]): Promise<Record<string, unknown>> => {
    const command = new Command("x").option("--new-name <text>").action(() => undefined);
    addToldFlags(command, context, [older("--old <text>", "--new-name")]);
    return (await command.parseAsync(words, { from: "user" })).opts();
  };
  expect(await optionsOf("--old", "1")).toMatchObject({ newName: "1" });
  expect(await optionsOf("--old", "1", "--new-name", "2")).toMatchObject({ newName: "2" });
  expect(await optionsOf()).toEqual({});
});
