import { expect, test } from "bun:test";
import { readTrustBundle } from "#lib/identity/trust-bundle.ts";
import { FakeControllers } from "../../test/fake/controllers.ts";

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
