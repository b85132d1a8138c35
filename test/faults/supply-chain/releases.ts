/** Asks the registry when each direct dependency was released, and keeps that; refuses what is younger than a week: `npm run releases`. */

import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Manifest } from "./lockfile.ts";
import { type Releases, releaseProblems } from "./release-age.ts";

const KEPT = fileURLToPath(import.meta.resolve("./releases.json"));

function releasedAt(name: string, version: string): string {
  const asked = spawnSync("npm", ["view", `${name}@${version}`, "time", "--json"], {
    encoding: "utf8",
  });
  const times = JSON.parse(asked.stdout) as Readonly<Record<string, string>>;
  const time = times[version];
  if (time === undefined)
    throw new Error(`Cannot tell when ${name}@${version} was released: ${asked.stderr}`);
  return time.slice(0, 10);
}

const manifest = JSON.parse(readFileSync("package.json", "utf8")) as Manifest;
const kept = JSON.parse(readFileSync(KEPT, "utf8")) as Releases;
const today = new Date().toISOString().slice(0, 10);
const direct = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
const releases = Object.fromEntries(
  direct.map(([name, version]) => {
    const id = `${name}@${version}`;
    return [id, kept[id] ?? { released: releasedAt(name, version), checked: today }];
  }),
);
const problems = releaseProblems(manifest, releases);
if (problems.length === 0) writeFileSync(KEPT, `${JSON.stringify(releases, undefined, 2)}\n`);
else {
  process.stderr.write(`Cannot keep releases: ${problems.join("; ")}\n`);
  process.exitCode = 1;
}
