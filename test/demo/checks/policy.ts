/** Policy as users apply it: each file of demo/policy, before and after. */

import {
  addressOf,
  type Bed,
  expect,
  generator,
  inPod,
  must,
  podOf,
  podsOf,
  ROOT,
  run,
  scrape,
  sumOf,
  until,
} from "../bed.ts";
import type { Check } from "../check.ts";
import { newKubectl } from "../kubectls.ts";

/** Each builds on those before it, as they do for who reads along in `npm run demo`. */
export const POLICY: readonly Check[] = [
  { name: "default deny lets through exactly the callers that are allowed", run: deny },
  { name: "a canary gets its weight of the requests", run: canary },
  { name: "retries hide the share that fails", run: retries },
  { name: "a timeout ends what takes too long", run: timeout },
  { name: "a rate limit lets through no more than it says", run: rateLimit },
].map((each): Check => ({ ...each, tiers: ["ebpf"] }));

/** Longer than proxies wait between two tries to reach a control plane that was away. */
const SETTLE_MS = 30_000;
const GENERATOR_ID = "generator.sample.serviceaccount.identity.linkerd.cluster.local";

/** A caller: an app of a namespace. */
type From = readonly [app: string, namespace: string];
const ALLOWED: From = ["generator", "sample"];

async function apply(bed: Bed, name: string): Promise<void> {
  const kubectl = await newKubectl(bed);
  await must(bed, [kubectl, "apply", "-f", `${ROOT}/demo/policy/${name}.yml`]);
}

/** What curl says of so many requests to a Service of the sample: a status each. */
async function statuses(
  bed: Bed,
  [app, namespace]: From,
  {
    to,
    path = "/",
    count = 1,
  }: { readonly to: string; readonly path?: string; readonly count?: number },
): Promise<number[]> {
  const url = `http://${await addressOf(bed, to)}${path}?n=[1-${count}]`;
  const command = ["curl", "-sS", "-m", "10", "-o", "/dev/null", "-w", "%{http_code}\\n", url];
  const { out } = await run(bed, inPod(bed, await podOf(bed, app, namespace), command));
  return out.trim().split("\n").map(Number);
}

async function deny(bed: Bed): Promise<string> {
  const callers: readonly From[] = [ALLOWED, ["outsider", "sample"], ["client", "probes"]];
  const look = async (): Promise<string> =>
    (await Promise.all(callers.map(async (from) => await statuses(bed, from, { to: "web" }))))
      .flat()
      .join(", ");
  const before = await look();
  expect(before === "200, 200, 200", `before, callers of web get ${before}`);
  await apply(bed, "deny");
  let seen = "";
  await until("others are denied", SETTLE_MS, async () => {
    seen = await look();
    return seen === "200, 403, 403";
  }).catch(() => expect(false, `after, callers of web get ${seen}`));
  // Both of web's pods, and those behind it, must have heard of it before what is lost counts.
  const { lost, ok } = await more(bed, 100);
  expect(lost === 0 && ok > 0, `${lost} requests of the generator are lost, ${ok} are not`);
  await until("another caller of web-next is denied", SETTLE_MS, async () => {
    const [status] = await statuses(bed, ["client", "probes"], { to: "web-next" });
    return status === 403;
  });
  return `before: ${before}, after: ${await look()}; ${ok} requests of the generator`;
}

/** So many more requests of the generator, and what came of them. */
async function more(bed: Bed, count: number): Promise<{ ok: number; lost: number; sent: number }> {
  const before = await generator(bed);
  const after = await until("more requests are over", 30_000, async () => {
    const now = await generator(bed);
    return now.sent - before.sent >= count && now;
  });
  const { ok, lost, sent } = before;
  return { ok: after.ok - ok, lost: after.lost - lost, sent: after.sent - sent };
}

/** Requests of the generator that web's next version has got. */
async function atNext(bed: Bed): Promise<number> {
  const labels = { direction: "inbound", client_id: GENERATOR_ID, target_port: "8080" };
  const all = (await podsOf(bed, "web-next")).map(async (pod) =>
    sumOf(await scrape(bed, pod), "request_total", labels),
  );
  return (await Promise.all(all)).reduce((sum, each) => sum + each, 0);
}

async function canary(bed: Bed): Promise<string> {
  const none = await atNext(bed);
  await more(bed, 40);
  expect((await atNext(bed)) === none, "before, web-next gets requests for web");
  await apply(bed, "canary");
  await until("web-next is asked", SETTLE_MS, async () => (await atNext(bed)) > none);
  await generator(bed, 100);
  const first = await atNext(bed);
  const { sent } = await more(bed, 400);
  const share = ((await atNext(bed)) - first) / sent;
  // Four standard deviations, and what is asked between the looks.
  expect(share > 0.11 && share < 0.3, `of ${sent} requests ${(share * 100).toFixed(1)} % go there`);
  return `before: 0 %, after: ${(share * 100).toFixed(1)} % of ${sent} requests`;
}

async function retries(bed: Bed): Promise<string> {
  const before = await more(bed, 200);
  expect(before.lost > 0, "before, nothing fails");
  await apply(bed, "retries");
  let quiet = await more(bed, 20);
  await until("nothing fails any more", SETTLE_MS, async () => {
    quiet = await more(bed, 50);
    return quiet.lost === 0;
  });
  const after = await more(bed, 200);
  await generator(bed, 20);
  expect(after.lost * 20 < before.lost, `${after.lost} fail after, ${before.lost} before`);
  return `failed before: ${before.lost} of ${before.sent}, after: ${after.lost} of ${after.sent}`;
}

async function timeout(bed: Bed): Promise<string> {
  const ask = async (): Promise<readonly [status: number, seconds: number]> => {
    const started = performance.now();
    const [status = 0] = await statuses(bed, ALLOWED, { to: "web-next", path: "/api/report" });
    return [status, (performance.now() - started) / 1000];
  };
  const [before, slow] = await ask();
  expect(before === 200 && slow >= 3, `before, it is ${before} after ${slow.toFixed(1)} s`);
  await apply(bed, "timeout");
  const [after, quick] = await until("it is in force", SETTLE_MS + 4_000, async () => {
    const answer = await ask();
    return answer[0] === 504 && answer;
  });
  expect(quick < 2.5, `the ${after} took ${quick.toFixed(1)} s`);
  return `before: ${before} after ${slow.toFixed(1)} s, after: ${after} after ${quick.toFixed(1)} s`;
}

async function rateLimit(bed: Bed): Promise<string> {
  const look = async (): Promise<readonly [passed: number, limited: number]> => {
    const all = await statuses(bed, ALLOWED, { to: "web-next", path: "/ready", count: 40 });
    const limited = all.filter((status) => status === 429).length;
    return [all.length - limited, limited];
  };
  const before = await look();
  expect(before[1] === 0, `before, ${before[1]} of 40 are limited`);
  await apply(bed, "rate-limit");
  const [passed, limited] = await until("it is in force", SETTLE_MS, async () => {
    const answer = await look();
    return answer[1] > 20 && answer;
  });
  const files = ["rate-limit", "timeout", "retries", "deny"].flatMap((name) => [
    "-f",
    `${ROOT}/demo/policy/${name}.yml`,
  ]);
  await must(bed, [await newKubectl(bed), "delete", ...files]);
  return `before: 0 of 40 limited, after: ${limited}, and ${passed} let through`;
}
