import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { DRAIN_LIMIT_MS } from "#lib/http-io/connections.ts";
import type { AdmissionAnswer } from "#lib/k8s/admission.ts";
import { createServingCertificate, type ServingCertificate } from "#lib/k8s/certified-key.ts";
import { REREAD_MS } from "#lib/k8s/mounted-files.ts";
import { NAMESPACES } from "#lib/k8s/resource.ts";
import type { Pod } from "#lib/k8s/types/core.ts";
import { AwaitedClock } from "../../test/fake/awaited-clock.ts";
import { FakeKubeApi } from "../../test/fake/kube-api.ts";
import { RecordedLog } from "../../test/fake/recorded-log.ts";
import { fakeReview } from "../../test/fake/review.ts";
import { fakeValues } from "../../test/fake/values.ts";
import { serveWebhook, type WebhookServer } from "./server.ts";

const dir = mkdtempSync(`${tmpdir()}/webhook-`);
const files = {
  values: `${dir}/values`,
  anchors: `${dir}/ca-bundle.crt`,
  crt: `${dir}/tls.crt`,
  key: `${dir}/tls.key`,
};
const clock = new AwaitedClock(REREAD_MS, 2);
const first = createServingCertificate("localhost", Date.now());
const log = new RecordedLog();
const told: string[] = [];
let kube: FakeKubeApi;
let webhook: WebhookServer;

function write({ crtPem, keyPem }: ServingCertificate): void {
  writeFileSync(files.crt, crtPem);
  writeFileSync(files.key, keyPem);
}

/** All files as they are at first. */
function mount(): void {
  writeFileSync(files.values, JSON.stringify(fakeValues()));
  writeFileSync(files.anchors, first.caPem);
  write(first);
}

beforeAll(async () => {
  kube = await FakeKubeApi.start();
  const annotations = { "linkerd.io/inject": "enabled" };
  await kube.admin.create(NAMESPACES, { metadata: { name: "shop", annotations } });
  mount();
  webhook = await serveWebhook({
    addr: { ip: "127.0.0.1", port: 0 },
    files,
    client: kube.admin,
    clock,
    random: () => 0,
    log: log.logger,
    onFault: (error) => {
      throw error;
    },
    onReviewed: ({ outcome, dryRun }) => void told.push(`${outcome.type} ${dryRun}`),
  });
});
beforeEach(async () => {
  mount();
  await clock.look();
});
afterAll(async () => {
  const stopped = webhook.stop();
  // Clients that were refused in the middle of a body may keep their connections.
  clock.advance(DRAIN_LIMIT_MS);
  await stopped;
  kube.stop();
  rmSync(dir, { recursive: true });
});

const APP: Pod = { metadata: {}, spec: { containers: [{ name: "app" }] } };
function ask(body: string, ca: string = first.caPem): Promise<Response> {
  return fetch(`https://localhost:${webhook.port}/`, {
    method: "POST",
    body,
    tls: { ca },
    keepalive: false,
  });
}
const review = (namespace: string, more: object = {}): string =>
  JSON.stringify(fakeReview({ namespace, object: APP, ...more }));

async function patchOf(response: Response): Promise<string> {
  expect(response.status).toBe(200);
  const { response: answer } = (await response.json()) as AdmissionAnswer;
  return Buffer.from(answer.patch ?? "", "base64").toString();
}

test("serveWebhook() injects by the namespace that the informer knows", async () => {
  expect(await patchOf(await ask(review("shop")))).toContain("linkerd-proxy");
});

test("a namespace that nobody knows injects nothing", async () => {
  expect(await patchOf(await ask(review("none")))).toBe("");
});

test("every answer for a pod is told, and that it was a dry run", async () => {
  told.length = 0;
  await ask(review("shop"));
  await ask(review("none", { dryRun: true }));
  await ask(review("shop", { operation: "DELETE" }));
  expect(told).toEqual(["injected false", "skipped true"]);
});

test("what is no review is answered 400", async () => {
  const response = await ask("{");
  expect([response.status, await response.text()]).toEqual([
    400,
    "Cannot read review: it is no JSON\n",
  ]);
  const get = await fetch(`https://localhost:${webhook.port}/`, { tls: { ca: first.caPem } });
  expect(get.status).toBe(400);
});

test("G2: a body beyond 4 MiB is answered 413, and the next review is answered", async () => {
  expect((await ask(" ".repeat(5 * 1024 * 1024))).status).toBe(413);
  expect(await patchOf(await ask(review("shop")))).toContain("linkerd-proxy");
});

test("G13: of 500 pods that are created at once none is left without a proxy", async () => {
  const answers = await Promise.all(
    Array.from({ length: 500 }, async () => await patchOf(await ask(review("shop")))),
  );
  expect(answers.filter((patch) => !patch.includes("linkerd-proxy"))).toEqual([]);
});

test("a new certificate and new values are served without a restart", async () => {
  const second = createServingCertificate("localhost", Date.now());
  write(second);
  writeFileSync(files.values, JSON.stringify({ ...fakeValues(), linkerdVersion: "9.9.9" }));
  await clock.look();
  expect(await patchOf(await ask(review("shop"), second.caPem))).toContain(
    "linkerd/proxy-injector 9.9.9",
  );
  const old = await ask(review("shop"), first.caPem).catch(({ code }: { code: string }) => code);
  expect(old).not.toBeInstanceOf(Response);
});

test("anchors that nobody can read come into no pod: the last good ones do, and it is told", async () => {
  for (const bad of ["", "PEM", first.caPem.replace("MII", "AII")]) {
    writeFileSync(files.anchors, bad);
    await clock.look();
    expect(log.lines.at(-1)).toContain("Cannot use trust bundle");
    const patch = await patchOf(await ask(review("shop")));
    expect(patch).toContain(JSON.stringify(first.caPem).slice(1, -1));
  }
  const second = createServingCertificate("localhost", Date.now());
  writeFileSync(files.anchors, second.caPem);
  await clock.look();
  const patch = await patchOf(await ask(review("shop")));
  expect(patch).toContain(JSON.stringify(second.caPem).slice(1, -1));
});

test("a new certificate is served while the values cannot be read, and new values while it cannot", async () => {
  const second = createServingCertificate("localhost", Date.now());
  writeFileSync(files.values, "{");
  write(second);
  await clock.look();
  expect(await patchOf(await ask(review("shop"), second.caPem))).toContain("linkerd-proxy");
  writeFileSync(files.values, JSON.stringify({ ...fakeValues(), linkerdVersion: "8.8.8" }));
  writeFileSync(files.key, "none");
  await clock.look();
  expect(await patchOf(await ask(review("shop"), second.caPem))).toContain(
    "linkerd/proxy-injector 8.8.8",
  );
});
