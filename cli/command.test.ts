import { expect, test } from "bun:test";
import { Command } from "commander";
import { addCommand, addGlobalFlags, flagsOf } from "./command.ts";

test("a command takes the root's flags too, before it or after it", async () => {
  const root = addGlobalFlags(new Command("x"), "mesh");
  const seen: unknown[] = [];
  const command = addCommand(root, {
    usage: "go",
    summary: "Go",
    examples: [["One", "x go"]],
  }).option("-n <ns>");
  command.action(() => void seen.push(flagsOf<{ n?: string }>(command)));
  await root.parseAsync(["--context", "c", "go", "-n", "a", "--verbose"], { from: "user" });
  expect(seen).toEqual([
    { n: "a", context: "c", verbose: true, linkerdNamespace: "mesh", cniNamespace: "linkerd-cni" },
  ]);
});
