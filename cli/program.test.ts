import { expect, test } from "bun:test";
import type { Command } from "commander";
import { runCommand } from "../test/fake/cli.ts";
import { createProgram } from "./program.ts";

const context = {
  version: "1.2.3",
  terminal: {
    write: () => undefined,
    warn: () => undefined,
    stdin: () => Promise.resolve(""),
    colours: false,
    progress: () => undefined,
  },
  connect: () => Promise.reject(new Error("unused")),
  now: () => 0,
  wall: () => 0,
  sleep: () => Promise.resolve(),
  linkerdNamespace: "linkerd",
};

function paths(command: Command, path: readonly string[] = []): (readonly string[])[] {
  return command.commands.flatMap((child) => {
    const here = [...path, child.name()];
    return [here, ...paths(child, here)];
  });
}

test("every command's --help has a summary and an example of itself", async () => {
  const all = paths(createProgram(context));
  expect(all.length).toBeGreaterThan(1);
  for (const path of all) {
    const { status, out } = await runCommand([...path, "--help"]);
    expect(status).toBe(0);
    expect(out).toContain(`Usage: bunkerd ${path.join(" ")}`);
    expect(out).toMatch(new RegExp(`Examples:[\\s\\S]*bunkerd ${path.join(" ")}`));
  }
});

test("without a command there is an overview", async () => {
  const { status, out } = await runCommand([]);
  expect(status).toBe(0);
  expect(out).toContain("Bunkerd 1.2.3, a service mesh");
  expect(out).toContain("bunkerd viz stat deploy");
});

test.each([
  [["brew"], "Cannot run this: unknown command 'brew'\n"],
  [["inject", "--brew"], "Cannot run this: unknown option '--brew'\n"],
  [["injcet"], "Cannot run this: unknown command 'injcet'\n(Did you mean inject?)\n"],
])("%j is one clear line, and status 1", async (words, err) => {
  expect(await runCommand(words)).toEqual({ status: 1, out: "", err });
});

test("a command of viz by its old name is told, and run", async () => {
  const { err } = await runCommand(["stat", "deploy"]);
  expect(err).toBe(
    "stat is deprecated: use viz stat\nCannot find a cluster: there is none in this test\n",
  );
  expect((await runCommand(["tap", "deploy"])).err).toStartWith("tap is deprecated: use viz tap\n");
});

test("a flag of Linkerd's that has no effect is told", async () => {
  const { err, status } = await runCommand(["version", "--client", "--api-addr", "x:1"]);
  expect([status, err]).toEqual([
    0,
    "--api-addr has no effect: proxies are asked through the API server\n",
  ]);
});
