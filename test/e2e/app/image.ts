/** The image of the sample pods. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { archive } from "../../../deploy/image/archive.ts";
import { readBase } from "../../../deploy/image/base.ts";
import { fileEntry } from "../../../deploy/image/files.ts";
import { compile } from "../../../deploy/image/program.ts";

export const APP_IMAGE = "test.local/app:1";
const SOURCE = new URL("main.ts", import.meta.url).pathname;

/** Writes its archive. */
export async function writeAppImage(out: string): Promise<void> {
  const folder = mkdtempSync(`${tmpdir()}/app-image-`);
  try {
    await compile(SOURCE, `${folder}/app`);
    const base = await readBase();
    const pieces = archive({
      name: APP_IMAGE,
      architecture: process.arch === "arm64" ? "arm64" : "amd64",
      layers: [base.tree, new Map([["usr/bin/app", fileEntry(`${folder}/app`)]])],
      user: "1000",
      entrypoint: ["/usr/bin/app"],
      environment: {},
      labels: {},
    });
    await Bun.write(out, new Blob([...pieces]));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
