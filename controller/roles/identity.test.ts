import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { readTrustBundle } from "#lib/identity/trust-bundle.ts";
import { systemClock } from "#lib/sys/system-clock.ts";
import { watchTrust } from "../../proxy/control/trust.ts";
import { FakeAuthority } from "../../test/fake/authority.ts";
import { FakeControllers } from "../../test/fake/controllers.ts";
import { until } from "../../test/fake/mesh.ts";
import { PassingClock } from "../../test/fake/passing-clock.ts";
import { LOOK_INTERVAL_MS } from "../identity/issuer-store.ts";

test("CPM4: the role is ready when it has an issuer, and tells how long that holds", async () => {
  const plane = await FakeControllers.start();
  try {
    const ask = async (path: string): Promise<string> =>
      (await fetch(`http://127.0.0.1:${plane.identity.adminPort}${path}`)).text();
    expect(await ask("/ready")).toBe("starting\n");
    expect(await ask("/metrics")).toContain("\nissuer_cert_ttl_seconds 0\n");
    plane.giveIssuer();
    await plane.identity.ready;
    expect(await ask("/ready")).toBe("ok\n");
    expect(await ask("/metrics")).toMatch(/\nissuer_cert_ttl_seconds 3[56]\d\d/);
    const { generation } = readTrustBundle(plane.authority.anchorsPem);
    expect(await ask("/metrics")).toContain(`_trust_bundle_info{generation="${generation}"} 1\n`);
  } finally {
    await plane.stop();
  }
});

test("proxies that follow are told of anchors whenever the files change", async () => {
  const clock = new PassingClock();
  const plane = await FakeControllers.start(clock);
  const next = new FakeAuthority("root.linkerd.cluster.local");
  const [old, both, last] = [
    plane.authority.anchorsPem,
    plane.authority.anchorsPem + next.anchorsPem,
    next.anchorsPem,
  ].map((pem) => ({ pem, generation: readTrustBundle(pem).generation }));
  if (old === undefined || both === undefined || last === undefined)
    throw new Error("Cannot test: no bundles");
  const seen: string[] = [];
  const watch = watchTrust({
    ...{ channel: plane.channel(plane.identity.port), clock: systemClock, random: () => 0 },
    onBundle: ({ generation }) => seen.push(generation),
    onRefused: (error) => seen.push(String(error)),
  });
  const put = (name: string, text: string): void => writeFileSync(`${plane.dir}/${name}`, text);
  const saw = (count: number): Promise<void> =>
    until(
      async () => {
        await clock.pass(LOOK_INTERVAL_MS);
        return seen.length >= count;
      },
      () => `only ${seen.join()} came`,
    );
  try {
    plane.giveIssuer();
    await saw(1);
    put("ca-bundle.crt", both.pem);
    put("crt.pem", next.issuer.chainPem);
    put("key.pem", next.issuer.keyPem);
    await saw(2);
    put("ca-bundle.crt", last.pem);
    await saw(3);
    expect(seen).toEqual([old.generation, both.generation, last.generation]);
    expect(plane.faults).toEqual([]);
  } finally {
    watch.cancel();
    await plane.stop();
  }
});
