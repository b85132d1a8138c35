import { expect, test } from "bun:test";
import { planRedirect } from "../redirect/plan.ts";
import { iptablesSteps, nftSteps, type Outcome, runStep, type Step } from "./steps.ts";

const PLAN = planRedirect({ annotations: {}, namespaceAnnotations: {}, controlPlane: false });
const programsOf = (steps: readonly Step[]): unknown[] => steps.map(({ command }) => command[0]);

test("nftSteps() and iptablesSteps() are of one family where only that is wanted", () => {
  const [nft] = nftSteps(PLAN, { ipv6: false });
  expect([nft?.command, nft?.input.includes("nfproto ipv6 return")]).toEqual([
    ["nft", "-f", "-"],
    true,
  ]);
  const both = iptablesSteps(PLAN, { run: undefined });
  expect(programsOf(both)).toEqual(["iptables-restore", "ip6tables-restore"]);
  const one = iptablesSteps(PLAN, { ipv6: false, run: undefined });
  expect(programsOf(one)).toEqual(["iptables-restore"]);
});

test("iptablesSteps() has the jumps that are missing", () => {
  const run = ({ command }: Step): Outcome => ({
    ok: command.includes("OUTPUT"),
    output: "",
    error: "",
  });
  for (const { input } of iptablesSteps(PLAN, { run }))
    expect([input.includes("-A PREROUTING -j"), input.includes("-A OUTPUT -j")]).toEqual([
      true,
      false,
    ]);
});

test("runStep() has what a program prints and says, and that there is none", () => {
  const sh = (script: string): Outcome => runStep({ command: ["sh", "-c", script], input: "x" });
  expect(sh("read x; echo $x")).toEqual({ ok: true, output: "x\n", error: "" });
  expect(sh("echo first >&2; echo second >&2; exit 1")).toMatchObject({
    ok: false,
    error: "first",
  });
  expect(sh("kill -9 $$")).toMatchObject({ ok: false, error: "it was killed" });
  expect(runStep({ command: ["no-such-program"], input: "" }).ok).toBe(false);
});
