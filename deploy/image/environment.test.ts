import { expect, test } from "bun:test";
import { IMAGE_ENVIRONMENT } from "./environment.ts";

test("the runtime starts with IMAGE_ENVIRONMENT: an option of the collector that it does not know would stop it", () => {
  const { stderr, stdout } = Bun.spawnSync(["bun", "-e", 'console.log("runs")'], {
    env: { ...Bun.env, ...IMAGE_ENVIRONMENT },
  });
  expect([String(stdout), String(stderr)]).toEqual(["runs\n", ""]);
});
