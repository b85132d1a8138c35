/** `npm run chart`: writes the Helm charts. */

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { charts } from "./charts.ts";

const manifest = JSON.parse(
  readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
) as { readonly version: string };
const OUT = "dist/charts";
const HELP = `npm run chart -- [--out FOLDER] [--version VERSION]
  --out FOLDER       where the charts are written, each in a folder of its own (${OUT})
  --version VERSION  theirs and of what they install (${manifest.version})

Example: npm run chart && helm install linkerd-crds dist/charts/linkerd-crds -n linkerd --create-namespace`;

/** Writes every chart for a version below a folder, in place of what is there of it. */
export function writeCharts(out: string, version: string): void {
  for (const { name, files } of charts(version)) {
    rmSync(`${out}/${name}`, { recursive: true, force: true });
    for (const [path, text] of files) {
      const file = `${out}/${name}/${path}`;
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
  }
}

function main(words: readonly string[]): void {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args: [...words],
    options: { out: text, version: text, help: { type: "boolean" } },
  });
  const { out = OUT, version = manifest.version } = values;
  if (values.help !== true) writeCharts(out, version);
  process.stdout.write(`${values.help === true ? HELP : `Wrote ${out}`}\n`);
}

if (import.meta.main) main(process.argv.slice(2));
