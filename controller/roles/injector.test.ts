import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { createServingCertificate } from "#lib/k8s/certified-key.ts";
import { NAMESPACES } from "#lib/k8s/resource.ts";
import type { Pod } from "#lib/k8s/types/core.ts";
import { FakeClock } from "../../test/fake/clock.ts";
import { holdReads } from "../../test/fake/held-client.ts";
import { FakeKubeApi, logger } from "../../test/fake/kube-api.ts";
import { fakeReview } from "../../test/fake/review.ts";
import { fakeValues } from "../../test/fake/values.ts";
import { startInjector } from "./injector.ts";

const addr = { ip: "127.0.0.1", port: 0 };

test("startInjector() is alive at once, ready when the webhook serves, and stops once it has answered", async () => {
  const dir = mkdtempSync(`${tmpdir()}/injector-`);
  const kube = await FakeKubeApi.start();
  const files = {
    values: `${dir}/values`,
    anchors: `${dir}/ca`,
    crt: `${dir}/crt`,
    key: `${dir}/key`,
  };
  const { crtPem, keyPem, caPem } = createServingCertificate("localhost", Date.now());
  writeFileSync(files.values, JSON.stringify(fakeValues()));
  writeFileSync(files.anchors, caPem);
  writeFileSync(files.crt, crtPem);
  writeFileSync(files.key, keyPem);
  const held = holdReads(kube.admin, { verb: "get", resource: NAMESPACES });
  const surroundings = {
    client: held.client,
    clock: new FakeClock(),
    random: () => 0,
    memoryShare: () => 0,
    log: logger,
    onFault: (error: Error) => {
      throw error;
    },
  };
  const role = startInjector(
    { addr, adminAddr: addr, files, controllerNamespace: "mesh" },
    surroundings,
  );
  const status = async (path: string): Promise<number> =>
    (await fetch(`http://127.0.0.1:${role.adminPort}${path}`)).status;
  try {
    expect(await status("/live")).toBe(200);
    await role.ready;
    expect(await status("/ready")).toBe(200);
    const ask = (init: RequestInit): Promise<Response> =>
      fetch(`https://localhost:${role.port}/`, { tls: { ca: caPem }, keepalive: false, ...init });
    expect((await ask({})).status).toBe(400);
    const object: Pod = { spec: { containers: [] } };
    const body = JSON.stringify(fakeReview({ namespace: "new", object }));
    const answer = ask({ method: "POST", body });
    await held.asked;
    let over = false;
    const stopped = role.stop().then(() => {
      over = true;
    });
    // By then all else has stopped.
    for (let count = 0; count < 3; count++) await kube.admin.list(NAMESPACES);
    expect(over).toBe(false);
    held.release();
    expect((await answer).status).toBe(200);
    await stopped;
  } finally {
    held.release();
    await role.stop();
    kube.stop();
    rmSync(dir, { recursive: true });
  }
  const gone = await status("/live").catch(() => "gone");
  expect(gone).toBe("gone");
});
