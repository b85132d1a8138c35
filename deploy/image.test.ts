import { expect, test } from "bun:test";
import { IMAGE_ENVIRONMENT } from "./image.ts";

test("IMAGE_ENVIRONMENT has no option that the runtime does not know", () => {
  const { stderr, stdout } = Bun.spawnSync(["bun", "-e", 'console.log("runs")'], {
    env: { ...Bun.env, ...IMAGE_ENVIRONMENT },
  });
  expect([String(stdout), String(stderr)]).toEqual(["runs\n", ""]);
});
