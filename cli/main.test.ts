import { expect, test } from "bun:test";

const MAIN = new URL("../main.ts", import.meta.url).pathname;

test("a reader that has seen enough, as head has, is no error", async () => {
  // The reader is gone before the program writes.
  const script = `exec 3> >(:); wait $!; exec "${process.execPath}" "${MAIN}" completion bash >&3`;
  const child = Bun.spawn(["bash", "-c", script], { stdout: "ignore", stderr: "pipe" });
  expect(await new Response(child.stderr).text()).toBe("");
  expect(await child.exited).toBe(0);
});
