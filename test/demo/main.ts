/** `npm run demo`: the sample application in a mesh on this machine; with `--check`, the proof that all of it works. */

import manifest from "../../package.json" with { type: "json" };
import { startBed } from "./bed.ts";
import { runChecks, runTier } from "./check.ts";
import { show } from "./live.ts";

const words = process.argv.slice(2);
const report = (line: string): void => void process.stdout.write(`${line}\n`);

async function live(): Promise<void> {
  const tier = words.includes("--no-ebpf") ? "nft" : "ebpf";
  const bed = await startBed({
    ...{ name: "demo", tier, files: ["demo/app.yml"], version: manifest.version, report },
    overrides: tier === "nft" ? { cni: { redirect: "nft" } } : {},
  });
  const shown = show(bed, report);
  const stop = (): void => {
    shown.stop();
    bed.running.stopAndRemove(2_000).then(
      () => process.exit(0),
      (error: unknown) => {
        report(String(error));
        process.exit(1);
      },
    );
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
}

if (process.getuid?.() !== 0) {
  process.stderr.write(
    "Cannot run the demo: network namespaces, mounts and eBPF need root; run: sudo npm run demo\n",
  );
  process.exit(1);
}
const tier = words.find((word) => word.startsWith("--tier="))?.slice("--tier=".length);
const only = words.filter((word) => !word.startsWith("--"));
if (tier === "ebpf" || tier === "nft") {
  await runTier({ tier, version: manifest.version, only }, report);
  process.exit(0);
} else if (words.includes("--check")) {
  process.exit((await runChecks(only, report)) === 0 ? 0 : 1);
} else
  await live().catch(async (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  });
