/** `npm run scenarios`: policy on a mesh in dev mode, applied by kubectl and asked by curl and gRPC clients. */

import { IP_FAMILIES, parseIpFamily } from "../../dev/network/ip-families.ts";
import { SCENARIOS } from "./cases/all.ts";
import { type MeshChoice, runAll, type Totals } from "./runner.ts";
import type { Scenario } from "./scenario.ts";

const HELP = `npm run scenarios [-- --tier=ebpf|nft] [--family=ipv4|ipv6|dual] [--quick] [WORD…]

Brings up a mesh on this machine, applies policy by kubectl, asks by curl and
gRPC clients, and asserts answers, backends, headers and metrics; after each
scenario the proxies must have counted what clients and backends counted. Both
tiers of redirection unless one is named: all scenarios with IPv4, then those
that are for every family with IPv6 and with dual-stack pods, of which each is
asked by both families. With WORDs only scenarios whose name has one of them.
Needs root.

  --quick   the part of npm test, in one tier, with IPv4 and dual-stack pods
  --list    the scenarios' names
`;

const words = process.argv.slice(2);
const report = (line: string): void => void process.stdout.write(`${line}\n`);
const only = words.filter((word) => !word.startsWith("--"));
const isQuick = words.includes("--quick");

/** The scenarios of a mesh. */
function chosenFor(family: MeshChoice["family"]): readonly Scenario[] {
  return SCENARIOS.filter(
    ({ name, quick, families }) =>
      (family === "ipv4" || families !== undefined) &&
      (!isQuick || (family === "ipv4" ? quick === true : families === "quick")) &&
      (only.length === 0 || only.some((word) => name.includes(word))),
  );
}

/** What a flag with a value says. */
const flag = (name: string): string | undefined =>
  words.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3);

/** The meshes that are asked for. Throws for a flag that cannot be. */
function meshes(): readonly MeshChoice[] {
  const [tier, family] = [flag("tier"), flag("family")];
  const families = isQuick ? ["ipv4", "dual"] : IP_FAMILIES;
  const tiers = ["ebpf", "nft"] as const;
  const named = tiers.filter((each) => tier === undefined || each === tier);
  const chosen = (family === undefined ? families : [family]).map((each) => {
    const known = parseIpFamily(each);
    if (known === undefined) throw new Error(`--family is ${each}; it can be ${IP_FAMILIES}`);
    return known;
  });
  if (named.length === 0) throw new Error(`--tier is ${tier}; it can be ${tiers}`);
  return (isQuick ? named.slice(0, 1) : named)
    .flatMap((each) => chosen.map((which) => ({ tier: each, family: which })))
    .filter(({ family: which }) => chosenFor(which).length > 0);
}

/** A process can be the kubelet of one instance only, so each mesh has one of its own. */
async function inChild({ tier, family }: MeshChoice): Promise<Totals> {
  const flags = [`--tier=${tier}`, `--family=${family}`];
  const child = Bun.spawn([process.execPath, import.meta.path, ...flags, ...words], {
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
  const all = meshes();
  const [first] = all;
  const totals: Totals = { passed: 0, failed: 0 };
  const add = ({ passed, failed }: Totals): void => {
    totals.passed += passed;
    totals.failed += failed;
  };
  if (first !== undefined && all.length === 1)
    add(await runAll(chosenFor(first.family), first, report));
  else for (const each of all) add(await inChild(each));
  report(`${totals.passed} passed, ${totals.failed} failed, 0 skipped`);
  return totals.failed === 0 && totals.passed > 0 ? 0 : 1;
}

const fail = (error: unknown): number => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  return 2;
};

if (words.includes("--help")) report(HELP);
else if (words.includes("--list"))
  for (const { name } of chosenFor(parseIpFamily(flag("family") ?? "") ?? "ipv4")) report(name);
else if (process.getuid?.() !== 0) {
  process.stderr.write(
    "Cannot run scenarios: network namespaces, mounts and eBPF need root; run: sudo npm run scenarios\n",
  );
  process.exitCode = 1;
} else process.exit(await main().catch(fail));
