// Sets up a checkout with nothing but Node, then runs what was asked for: `node setup.mjs FILE…` or `not-yet NAME`.
// It runs before any dependency is there, so it is plain JavaScript and imports nothing from outside.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = dirname(fileURLToPath(import.meta.url));
const STAMP = join(ROOT, "node_modules", ".bunkerd-lock");
/** Debian packages that tests and the demo use, and a file that shows each is there. */
const PACKAGES = JSON.parse(readFileSync(join(ROOT, "debian-packages.json"), "utf8"));

function fail(message) {
  console.error(message);
  process.exit(1);
}

function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: "inherit", ...options });
  if (error) fail(`Cannot run ${command}: ${error.message}`);
  return status ?? 1;
}

function installModules() {
  const lock = createHash("sha256").update(readFileSync(join(ROOT, "package-lock.json"))).digest("hex");
  if (existsSync(STAMP) && readFileSync(STAMP, "utf8") === lock) return;
  if (run("npm", ["ci", "--no-audit", "--no-fund"]) !== 0) fail("Cannot install packages: npm ci failed");
  writeFileSync(STAMP, lock);
}

/** Installs what is missing; services that come with a package are not started. */
function installPackages() {
  const missing = Object.entries(PACKAGES).filter(([, file]) => !existsSync(file)).map(([name]) => name);
  if (missing.length === 0) return;
  const install = `apt-get install -y --no-install-recommends ${missing.join(" ")}`;
  if (process.getuid?.() !== 0) {
    console.error(`Some tests need Debian packages; as root run: apt-get update && ${install}`);
    return;
  }
  const policy = "/usr/sbin/policy-rc.d";
  const ours = !existsSync(policy);
  if (ours) writeFileSync(policy, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    const quiet = { env, stdio: ["ignore", "ignore", "inherit"] };
    run("apt-get", ["update", "-qq"], quiet);
    if (run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...missing], quiet) !== 0)
      console.error(`Cannot install Debian packages: ${install} failed; tests that need them are skipped`);
  } finally {
    if (ours) rmSync(policy);
  }
}

const asked = process.argv.slice(2);
if (asked[0] === "not-yet") {
  console.log(`npm run ${asked[1]}: there is nothing yet; ARCHITECTURE.md says where the project stands`);
  process.exit(0);
}
if (Number(process.versions.node.split(".")[0]) < 20) fail(`Node 20 or newer is needed; this is ${process.versions.node}`);
installModules();
installPackages();
const bin = join(ROOT, "node_modules", ".bin");
const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` };
process.exit(run(join(bin, "bun"), asked, { env }));
