import { expect, test } from "bun:test";
import { runCommand } from "../../test/fake/cli.ts";

test("the script knows the commands that were added after its own", async () => {
  const { status, out } = await runCommand(["completion", "bash"]);
  expect([status, out]).toEqual([0, expect.stringContaining('"version") words="--client')]);
});
