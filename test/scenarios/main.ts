/** `npm run scenarios`: policy on a mesh in dev mode, applied by kubectl and asked by curl and gRPC clients. */

import type { Bed } from "../demo/bed.ts";
import { SCENARIOS } from "./cases/all.ts";
import { runAll, type Totals } from "./runner.ts";

const HELP = `npm run scenarios [-- --tier=ebpf|nft] [--quick] [WORD…]

Brings up a mesh on this machine, applies policy by kubectl, asks by curl and
gRPC clients, and asserts answers, backends, headers and metrics; after each
scenario the proxies must have counted what clients and backends counted. Both
tiers of redirection unless one is named. With WORDs only scenarios whose name
has one of them. Needs root.

  --quick   the part of npm test, in one tier
  --list    the scenarios' names
`;

const words = process.argv.slice(2);
const report = (line: string): void => void process.stdout.write(`${line}\n`);
const only = words.filter((word) => !word.startsWith("--"));
const isQuick = words.includes("--quick");
const chosen = SCENARIOS.filter(
  ({ name, quick }) =>
    (!isQuick || quick === true) && (only.length === 0 || only.some((word) => name.includes(word))),
);

/** A process can be the kubelet of one instance only, so each tier has one of its own. */
async function inChild(tier: Bed["tier"]): Promise<Totals> {
  const child = Bun.spawn([process.execPath, import.meta.path, `--tier=${tier}`, ...words], {
    stdout: "pipe",
    stderr: "inherit",
  });
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of child.stdout) {
    process.stdout.write(chunk);
    text += decoder.decode(chunk, { stream: true });
  }
  const [, passed, failed] = /(\d+) passed, (\d+) failed, 0 skipped\n$/.exec(text) ?? [];
  const broken = (await child.exited) !== 0 && failed === "0" ? 1 : 0;
  return { passed: Number(passed ?? 0), failed: Number(failed ?? 1) + broken };
}

async function main(): Promise<number> {
  const named = words.find((word) => word.startsWith("--tier="))?.slice("--tier=".length);
  const tier = named ?? (isQuick ? "ebpf" : undefined);
  const totals: Totals = { passed: 0, failed: 0 };
  const add = ({ passed, failed }: Totals): void => {
    totals.passed += passed;
    totals.failed += failed;
  };
  if (tier === "ebpf" || tier === "nft") add(await runAll(chosen, tier, report));
  else for (const each of ["ebpf", "nft"] as const) add(await inChild(each));
  report(`${totals.passed} passed, ${totals.failed} failed, 0 skipped`);
  return totals.failed === 0 && totals.passed > 0 ? 0 : 1;
}

if (words.includes("--help")) report(HELP);
else if (words.includes("--list")) for (const { name } of chosen) report(name);
else if (process.getuid?.() !== 0) {
  process.stderr.write(
    "Cannot run scenarios: network namespaces, mounts and eBPF need root; run: sudo npm run scenarios\n",
  );
  process.exitCode = 1;
} else process.exit(await main());
