import { expect, test } from "bun:test";
import { fakeCluster, metricsPath } from "../../test/fake/cli.ts";
import { pod } from "../../test/fake/mesh-objects.ts";
import { inParallel, isMeshed, proxyOf, scrapeProxy } from "./proxies.ts";

test("a pod is meshed by its proxy and its control plane", () => {
  expect(isMeshed(pod("a"), "linkerd")).toBe(true);
  expect(isMeshed(pod("a"), "other")).toBe(false);
  expect(proxyOf(pod("a", { meshed: false }))).toBeUndefined();
});

test("scrapeProxy() reads the admin port through the API server", async () => {
  const client = fakeCluster([], { [metricsPath("default", "a")]: "x 1\n" });
  expect(await scrapeProxy(client, pod("a"))).toBe("x 1\n");
});

test("inParallel() keeps order and bounds how many run at once", async () => {
  let running = 0;
  let most = 0;
  const all = Array.from({ length: 50 }, (_, at) => at);
  const results = await inParallel(all, async (at) => {
    most = Math.max(most, ++running);
    await Promise.resolve();
    running--;
    return at * 2;
  });
  expect(results).toEqual(all.map((at) => at * 2));
  expect(most).toBe(16);
});
