/** The figures that the mesh gives are true: well-formed, complete to the request, and the rate that is sent. */

import { readFileSync } from "node:fs";
import {
  type Bed,
  cli,
  expect,
  generator,
  metricsText,
  must,
  podsOf,
  ROOT,
  run,
  SAMPLE,
  scrape,
  sumOf,
  until,
} from "../bed.ts";
import type { Check } from "../check.ts";

export const METRICS: readonly Check[] = [
  { name: "every proxy's /metrics passes promtool", run: promtool },
  { name: "the proxies count what the generator sent, to the request", run: counts },
  { name: "viz stat shows the generator's rate within 5 %, also after it changed", run: rates },
];

const APPS = ["web", "emoji", "voting", "redis", "generator"];

async function promtool(bed: Bed): Promise<string> {
  const allowed = readFileSync(`${ROOT}/test/demo/promtool-allowed.txt`, "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
  let checked = 0;
  for (const app of APPS)
    for (const pod of await podsOf(bed, app)) {
      const { out, err } = await run(bed, ["promtool", "check", "metrics"], {
        input: await metricsText(bed, pod),
      });
      const complaints = `${out}${err}`
        .split("\n")
        .filter((line) => line.trim() !== "" && !allowed.includes(line.trim()));
      expect(
        complaints.length === 0,
        `${pod.metadata?.name}: ${complaints.slice(0, 5).join("; ")}`,
      );
      checked += 1;
    }
  return `${checked} proxies`;
}

async function counts(bed: Bed): Promise<string> {
  await generator(bed, 0);
  const { sent } = await until("all answers are there", 15_000, async () => {
    const { sent: all, ok, failed, lost } = await generator(bed);
    return all === ok + failed + lost && { sent: all };
  });
  const outbound = await total(bed, "generator", "request_total", { direction: "outbound" });
  const responses = await total(bed, "generator", "response_total", { direction: "outbound" });
  const client = `generator.${SAMPLE}.serviceaccount.identity.linkerd.cluster.local`;
  const inbound = await total(bed, "web", "request_total", {
    direction: "inbound",
    client_id: client,
  });
  await generator(bed, 20);
  const figure = `sent ${sent}, outbound ${outbound} requests and ${responses} responses, inbound at web ${inbound}`;
  expect(outbound === sent && responses === sent && inbound === sent, figure);
  return figure;
}

async function total(
  bed: Bed,
  app: string,
  family: string,
  labels: Record<string, string>,
): Promise<number> {
  const sums = (await podsOf(bed, app)).map(async (pod) =>
    sumOf(await scrape(bed, pod), family, labels),
  );
  return (await Promise.all(sums)).reduce((sum, each) => sum + each, 0);
}

async function rates(bed: Bed): Promise<string> {
  const seen: string[] = [];
  for (const rate of [20, 50]) {
    await generator(bed, rate);
    // The window must not begin before the new rate does.
    await until("the rate is in force", 5_000, async () => (await generator(bed)).rate === rate);
    await Bun.sleep(300);
    const text = await must(
      bed,
      cli("viz", "stat", "deploy/voting", "-n", SAMPLE, "-t", "5s", "-o", "json"),
    );
    const [row] = JSON.parse(text) as { readonly rps: number; readonly success: number }[];
    const rps = row?.rps ?? 0;
    expect(Math.abs(rps - rate) <= rate * 0.05, `${rps} rps at ${rate}: ${text.slice(0, 200)}`);
    seen.push(`${rps.toFixed(1)} at ${rate}`);
  }
  await generator(bed, 20);
  return seen.join(", ");
}
