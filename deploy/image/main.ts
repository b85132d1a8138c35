/** `npm run image`: the image as an OCI archive, without Docker. The same sources and packages give the same bytes. */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { archive } from "./archive.ts";
import { readBase } from "./base.ts";
import { IMAGE, IMAGE_ENVIRONMENT } from "./environment.ts";
import { fileEntry } from "./files.ts";
import {
  ARCHITECTURE,
  buildStarter,
  compile,
  ENTRYPOINT,
  LINKS,
  PROGRAM,
  STARTER,
  STARTER_CAPABILITIES,
  USER,
} from "./program.ts";
import { cycloneDx, npmIngredients, sbom } from "./sbom.ts";
import type { TarEntry, TarTree } from "./tar.ts";

const SOURCE = new URL("../../main.ts", import.meta.url).pathname;
const json = <T>(path: string): T =>
  JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8")) as T;
const lock = json<Parameters<typeof npmIngredients>[0]>("../../package-lock.json");
const manifest = json<{ readonly version: string; readonly license: string }>("../../package.json");
const OUT = "dist/image.tar";
const HELP = `npm run image -- [--out FILE] [--name NAME] [--version VERSION]
  --out FILE         where the archive is written (${OUT}); FILE.spdx.json and FILE.cdx.json
                     beside it say what is in it
  --name NAME        the image's name without tag (${IMAGE})
  --version VERSION  its tag, and what its program says (${manifest.version})
  --program FILE     only the executable, for a Dockerfile
Needs Debian, or what has its apt, for nft, iptables and their libraries; and clang or gcc.`;

/** Writes the archive and its list of contents. */
export async function writeImage(
  out: string,
  { name, version }: { readonly name: string; readonly version: string },
): Promise<void> {
  const folder = mkdtempSync(`${tmpdir()}/image-`);
  try {
    await compile(SOURCE, `${folder}/bunkerd`, { version });
    await buildStarter(`${folder}/starter`);
    const base = await readBase();
    const ingredients = [...base.ingredients, ...npmIngredients(lock, Bun.version)];
    const contents = sbom({ name, version }, ingredients);
    const links = LINKS.map(([path, target]): [string, TarEntry] => [
      path,
      { type: "link", target },
    ]);
    const own: TarTree = new Map<string, TarEntry>([
      [PROGRAM, fileEntry(`${folder}/bunkerd`)],
      [STARTER, { ...fileEntry(`${folder}/starter`), capabilities: STARTER_CAPABILITIES }],
      [
        "usr/share/sbom/bunkerd.spdx.json",
        { type: "file", mode: 0o644, bytes: Buffer.from(contents) },
      ],
      ...links,
    ]);
    mkdirSync(dirname(out), { recursive: true });
    writeFileSync(`${out}.spdx.json`, contents);
    writeFileSync(`${out}.cdx.json`, cycloneDx({ name, version }, ingredients));
    const pieces = archive({
      name: `${name}:${version}`,
      architecture: ARCHITECTURE,
      layers: [base.tree, own],
      user: USER,
      entrypoint: ENTRYPOINT,
      environment: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", ...IMAGE_ENVIRONMENT },
      labels: {
        "org.opencontainers.image.title": "bunkerd",
        "org.opencontainers.image.version": version,
        "org.opencontainers.image.licenses": manifest.license,
      },
    });
    await Bun.write(out, new Blob([...pieces]));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function main(words: readonly string[]): Promise<number> {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args: [...words],
    options: { out: text, name: text, version: text, program: text, help: { type: "boolean" } },
  });
  if (values.help === true) {
    process.stdout.write(`${HELP}\n`);
    return 0;
  }
  const { out = OUT, name = IMAGE, version = manifest.version, program } = values;
  if (program === undefined) await writeImage(out, { name, version });
  else await compile(SOURCE, program, { version });
  process.stdout.write(`Wrote ${program ?? out}\n`);
  return 0;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
