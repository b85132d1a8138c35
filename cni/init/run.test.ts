import { expect, test } from "bun:test";
import { type Outcome, runStep, type Step } from "../apply/steps.ts";
import { parseInit } from "./args.ts";
import { redirectPod } from "./run.ts";

const args = (...words: string[]) => {
  const parsed = parseInit(words);
  if (typeof parsed === "string") throw new Error(parsed);
  return parsed;
};

test("redirectPod() says what it would write, of one family where only that is wanted", () => {
  const said: string[] = [];
  const world = { say: (line: string) => void said.push(line), run: runStep };
  redirectPod(args("--simulate", "--ipv6=false"), world);
  expect(said[0]).toStartWith("nft -f -\n");
  expect(said[0]).toContain("meta nfproto ipv6 return");
  said.length = 0;
  redirectPod(args("--simulate", "--iptables-mode=legacy"), world);
  expect(said.map((text) => text.split("\n")[0])).toEqual([
    "iptables-restore -w --noflush",
    "ip6tables-restore -w --noflush",
  ]);
});

test("redirectPod() goes over to iptables where nft fails, with the jumps that are missing", () => {
  const ran: Step[] = [];
  const said: string[] = [];
  const run = (step: Step): Outcome => {
    ran.push(step);
    const [program = ""] = step.command;
    return { ok: program.endsWith("-restore"), output: "", error: `no ${program}` };
  };
  redirectPod(args("--ipv6=false"), { say: (line) => void said.push(line), run });
  expect(said).toEqual(["Redirected by iptables"]);
  expect(ran.map(({ command }) => command[0])).toEqual([
    "nft",
    "iptables",
    "iptables",
    "iptables-restore",
  ]);
  expect(ran.at(-1)?.input).toContain("-A PREROUTING -j");
  const all = { say: () => undefined, run: () => ({ ok: false, output: "", error: "no" }) };
  expect(() => redirectPod(args(), all)).toThrow("nft: no; iptables: no");
});

const canRedirect = Bun.which("nft") !== null && process.getuid?.() === 0;

/** Runs it in a namespace of its own, twice, and then a command there. */
const inside = (words: readonly string[], then: string): string => {
  const script = `
    const { parseInit } = await import("${import.meta.dir}/args.ts");
    const { redirectPod } = await import("${import.meta.dir}/run.ts");
    const { runStep } = await import("${import.meta.dir}/../apply/steps.ts");
    const world = { say: console.log, run: runStep };
    for (const _ of [1, 2]) redirectPod(parseInit(${JSON.stringify(words)}), world);`;
  const command = `"$0" -e "$1" && ${then}`;
  const run = Bun.spawnSync(["unshare", "--net", "sh", "-c", command, process.execPath, script]);
  return `${run.stdout}${run.stderr}`;
};

test.skipIf(!canRedirect || Bun.which("iptables") === null)(
  "redirectPod() writes rules that are there once, however often it runs (needs root, nft and iptables)",
  () => {
    const nft = inside(["--iptables-mode=nft", "--ipv6=false"], "nft list ruleset");
    expect(nft).toContain("Redirected by nft");
    expect(nft.match(/redirect to :4143/g)).toHaveLength(1);
    const legacy = inside(
      ["--iptables-mode=plain"],
      "iptables -w -t nat -S && ip6tables -w -t nat -S",
    );
    expect(legacy).toContain("Redirected by iptables");
    expect(legacy.match(/-A PREROUTING /g)).toHaveLength(2);
    expect(legacy.match(/REDIRECT --to-ports 4143/g)).toHaveLength(2);
  },
);

test.skipIf(!canRedirect)("redirectPod() says what it lacks (needs root and nft)", () => {
  const script = `
      const { parseInit } = await import("${import.meta.dir}/args.ts");
      const { redirectPod } = await import("${import.meta.dir}/run.ts");
      const { runStep } = await import("${import.meta.dir}/../apply/steps.ts");
      try { redirectPod(parseInit([]), { say: console.log, run: runStep }); } catch (error) { console.log(error.message); }`;
  const run = Bun.spawnSync([
    ...["unshare", "--net", "setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin"],
    ...[process.execPath, "-e", script],
  ]);
  expect(run.stdout.toString()).toMatch(/^Cannot redirect: nft: .*; iptables: .*NET_ADMIN/);
});
