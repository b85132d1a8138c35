import { expect, test } from "bun:test";
import { runCommand } from "../test/fake/cli.ts";

const script = async (shell: string): Promise<string> =>
  (await runCommand(["completion", shell])).out;

/** What bash would offer for the last of these words. */
async function offers(...words: string[]): Promise<string[]> {
  const text = await script("bash");
  const line = words.map((word) => `'${word}'`).join(" ");
  const ask = `${text}\nCOMP_WORDS=(bunkerd ${line}); COMP_CWORD=${words.length}; _bunkerd_complete; echo "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = Bun.spawnSync(["bash", "-c", ask]);
  expect(stderr.toString()).toBe("");
  return stdout.toString().trim().split(" ");
}

test("bash is offered commands, those below them, and flags", async () => {
  expect(await offers("un")).toEqual(["uninstall", "uninject"]);
  expect(await offers("dg", "c")).toEqual(["controller-metrics", "cp-metrics"]);
  expect(await offers("check", "--pr")).toEqual(["--pre", "--proxy"]);
  expect(await offers("--verbose", "viz", "s")).toEqual(["stat", "stat-inbound", "stat-outbound"]);
});

test("zsh takes bash's, fish has its own", async () => {
  expect(await script("zsh")).toStartWith("#compdef bunkerd\n");
  expect(await script("fish")).toContain(
    "complete -c bunkerd -n '__fish_seen_subcommand_from viz; and __fish_seen_subcommand_from stat' -l namespace\n",
  );
});

test("another shell is refused", async () => {
  const { status, err } = await runCommand(["completion", "tcsh"]);
  expect([status, err]).toEqual([1, expect.stringContaining("bash, zsh, fish")]);
});
