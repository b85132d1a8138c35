import { expect, test } from "bun:test";
import { parseInit } from "./args.ts";
import { redirectPod } from "./run.ts";

const args = (...words: string[]) => {
  const parsed = parseInit(words);
  if (typeof parsed === "string") throw new Error(parsed);
  return parsed;
};

test("redirectPod() says what it would write, of one family where only that is wanted", () => {
  const said: string[] = [];
  redirectPod(args("--simulate", "--ipv6=false"), (line) => void said.push(line));
  expect(said[0]).toStartWith("nft -f -\n");
  expect(said[0]).toContain("meta nfproto ipv6 return");
  said.length = 0;
  redirectPod(args("--simulate", "--iptables-mode=legacy"), (line) => void said.push(line));
  expect(said.map((text) => text.split("\n")[0])).toEqual([
    "iptables-restore -w --noflush",
    "ip6tables-restore -w --noflush",
  ]);
});

/** Runs it in a namespace of its own, twice, and then a command there. */
const inside = (words: readonly string[], then: string): string => {
  const script = `
    const { parseInit } = await import("${import.meta.dir}/args.ts");
    const { redirectPod } = await import("${import.meta.dir}/run.ts");
    for (const _ of [1, 2]) redirectPod(parseInit(${JSON.stringify(words)}), console.log);`;
  const command = `"$0" -e "$1" && ${then}`;
  const run = Bun.spawnSync(["unshare", "--net", "sh", "-c", command, process.execPath, script]);
  return `${run.stdout}${run.stderr}`;
};

test.skipIf(Bun.which("nft") === null || process.getuid?.() !== 0)(
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

test.skipIf(Bun.which("nft") === null || process.getuid?.() !== 0)(
  "redirectPod() says what it lacks (needs root and nft)",
  () => {
    const script = `
      const { parseInit } = await import("${import.meta.dir}/args.ts");
      const { redirectPod } = await import("${import.meta.dir}/run.ts");
      try { redirectPod(parseInit([]), console.log); } catch (error) { console.log(error.message); }`;
    const run = Bun.spawnSync([
      ...["unshare", "--net", "setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin"],
      ...[process.execPath, "-e", script],
    ]);
    expect(run.stdout.toString()).toMatch(/^Cannot redirect: nft: .*; iptables: .*NET_ADMIN/);
  },
);
