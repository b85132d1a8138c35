import { expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { IMAGE } from "../../deploy/image/environment.ts";
import { environmentOf, programOf } from "./images.ts";

test("programOf() runs Debian's programs where they are", () => {
  const table = new Map([["redis", "/usr/bin/env"]]);
  expect(programOf("redis:7", table).mounts).toEqual([]);
  expect(programOf("redis@sha256:abc", table).mounts).toEqual([]);
  expect(programOf("redis", table).mounts).toEqual([]);
});

test("programOf() shows a script together with the package that it belongs to", () => {
  const folder = mkdtempSync("/tmp/images-");
  try {
    mkdirSync(`${folder}/app`);
    writeFileSync(`${folder}/package.json`, "{}");
    writeFileSync(`${folder}/app/web.js`, "");
    chmodSync(`${folder}/app/web.js`, 0o755);
    const table = new Map([["registry:5000/web", `${folder}/app/web.js`]]);
    expect(programOf("registry:5000/web:1", table)).toEqual({
      path: "/run/image/app/web.js",
      mounts: [{ source: folder, target: "/run/image", readOnly: true }],
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("programOf() shows our executable by the name of what waits for a proxy, as our image does", () => {
  const { mounts } = programOf(`${IMAGE}:1`, new Map([[IMAGE, "/usr/bin/env"]]));
  const target = "/usr/lib/linkerd/linkerd-await";
  expect(mounts).toEqual([{ source: realpathSync("/usr/bin/env"), target, readOnly: true }]);
});

test("programOf() says what to give for an image that nobody named", () => {
  expect(() => programOf("x/web:1", new Map())).toThrow("--image x/web=PROGRAM");
});

test("environmentOf() is what our image gives, and nothing for others", () => {
  expect(environmentOf(`${IMAGE}:0.1.0`)).toHaveProperty("BUN_GC_TIMER_DISABLE", "1");
  expect(environmentOf("redis:7")).toEqual({});
});
