/** The injector's certificate is renewed under pods that are made all the time: each one is injected. */

import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { createServingCertificate } from "#lib/k8s/certified-key.ts";
import { REREAD_MS } from "#lib/k8s/mounted-files.ts";
import {
  MUTATING_WEBHOOK_CONFIGURATIONS,
  NAMESPACES,
  PODS,
  SECRETS,
  SERVICE_ACCOUNTS,
} from "#lib/k8s/resource.ts";
import type { Webhook } from "#lib/k8s/webhooks.ts";
import { CertificateKeeper } from "../../controller/certificates/keeper.ts";
import { SERVED_EVERYWHERE_MS, TRUSTED_EVERYWHERE_MS } from "../../controller/certificates/plan.ts";
import { serveWebhook, type WebhookServer } from "../../controller/injector/server.ts";
import { AwaitedClock } from "../fake/awaited-clock.ts";
import { FakeClock } from "../fake/clock.ts";
import { FakeKubeApi, logger } from "../fake/kube-api.ts";
import { fakeValues } from "../fake/values.ts";

const DAY_MS = 86_400_000;
const dir = mkdtempSync(`${tmpdir()}/renewal-`);
const secret = { name: "hook-tls", namespace: "mesh" };
const webhook: Webhook = {
  name: "hook",
  secret: secret.name,
  configuration: { resource: MUTATING_WEBHOOK_CONFIGURATIONS, name: "hook-config" },
};
const base64 = (text: string): string => Buffer.from(text).toString("base64");
const text = (data: string | undefined): string => Buffer.from(data ?? "", "base64").toString();

let kube: FakeKubeApi;
let replicas: Replica[];

/** An injector, and the kubelet of its node. */
class Replica {
  readonly #dir: string;
  readonly #clock = new AwaitedClock(REREAD_MS, 2);
  #server: WebhookServer | undefined;

  constructor(name: string) {
    this.#dir = `${dir}/${name}`;
    mkdirSync(this.#dir);
    writeFileSync(`${this.#dir}/values`, JSON.stringify(fakeValues()));
    const { caPem } = createServingCertificate("anchor", Date.now());
    writeFileSync(`${this.#dir}/anchors`, caPem);
  }

  get port(): number {
    return this.#server?.port ?? 0;
  }

  async start(): Promise<void> {
    await this.mount();
    const file = (name: string): string => `${this.#dir}/${name}`;
    this.#server = await serveWebhook({
      addr: { ip: "127.0.0.1", port: 0 },
      files: {
        values: file("values"),
        anchors: file("anchors"),
        crt: file("crt"),
        key: file("key"),
      },
      ...{ client: kube.admin, clock: this.#clock, random: () => 0, log: logger },
      onReviewed: () => undefined,
      onFault: (error) => {
        throw error;
      },
    });
  }

  /** The kubelet writes the Secret as it is now. */
  async mount(): Promise<void> {
    const { data } = (await kube.admin.get(SECRETS, secret)) ?? {};
    writeFileSync(`${this.#dir}/crt`, text(data?.["tls.crt"]));
    writeFileSync(`${this.#dir}/key`, text(data?.["tls.key"]));
    if (this.#server !== undefined) await this.#clock.look();
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
  }
}

beforeAll(async () => {
  kube = await FakeKubeApi.start();
  const { admin } = kube;
  const annotations = { "linkerd.io/inject": "enabled" };
  await admin.create(NAMESPACES, { metadata: { name: "shop", annotations } });
  await admin.create(SERVICE_ACCOUNTS, { metadata: { name: "default", namespace: "shop" } });
  const { crtPem, keyPem, caPem } = createServingCertificate(
    "hook.mesh.svc",
    Date.now() - 250 * DAY_MS,
  );
  const data = { "tls.crt": base64(crtPem), "tls.key": base64(keyPem), "ca.crt": base64(caPem) };
  await admin.create(SECRETS, { metadata: { ...secret }, type: "kubernetes.io/tls", data });
  replicas = [new Replica("one"), new Replica("two")];
  for (const replica of replicas) await replica.start();
  let turn = 0;
  Object.defineProperty(kube, "hookPort", {
    get: () => replicas[turn++ % replicas.length]?.port ?? 0,
  });
  await admin.create(MUTATING_WEBHOOK_CONFIGURATIONS, {
    metadata: { name: webhook.configuration.name },
    webhooks: [
      {
        name: "hook.linkerd.io",
        admissionReviewVersions: ["v1"],
        sideEffects: "None",
        failurePolicy: "Fail",
        clientConfig: {
          service: { namespace: "mesh", name: "hook", path: "/" },
          caBundle: base64(caPem),
        },
        rules: [
          {
            ...{ operations: ["CREATE"], apiGroups: [""], apiVersions: ["v1"] },
            resources: ["pods"],
          },
        ],
      },
    ],
  });
});
afterAll(async () => {
  for (const replica of replicas) await replica.stop();
  kube.stop();
  rmSync(dir, { recursive: true });
});

let pods = 0;

/** Makes some pods; each replica is asked for some of them. */
async function makePods(): Promise<string[]> {
  const made: string[] = [];
  for (let count = 0; count < 6; count++) {
    const name = `pod-${pods++}`;
    const containers = [{ name: "app", image: "app" }];
    const pod = await kube.admin
      .create(PODS, { metadata: { name, namespace: "shop" }, spec: { containers } })
      .catch(String);
    const proxy = typeof pod === "string" ? pod : pod.spec?.initContainers?.[0]?.name;
    made.push(proxy ?? "not injected");
  }
  return [...new Set(made)];
}

const authorities = async (): Promise<number> => {
  const { webhooks } =
    (await kube.admin.get(MUTATING_WEBHOOK_CONFIGURATIONS, webhook.configuration)) ?? {};
  return text(webhooks?.[0]?.clientConfig.caBundle).split("BEGIN").length - 1;
};

test("G12: the webhook's certificate is renewed while pods are made: none is rejected, none starts without a proxy", async () => {
  const INJECTED = ["linkerd-proxy"];
  const clock = new (class extends FakeClock {
    override wall(): number {
      return Date.now() + this.now();
    }
  })();
  const keeper = new CertificateKeeper(
    { client: kube.admin, clock, log: logger, webhook, namespace: "mesh" },
    { holds: true },
  );
  const before = (await kube.admin.get(SECRETS, secret))?.data?.["tls.crt"];
  expect([await makePods(), await authorities()]).toEqual([INJECTED, 1]);
  await keeper.look();
  expect([await makePods(), await authorities()]).toEqual([INJECTED, 2]);
  clock.advance(TRUSTED_EVERYWHERE_MS);
  await keeper.look();
  expect((await kube.admin.get(SECRETS, secret))?.data?.["tls.crt"]).not.toBe(before as string);
  expect(await makePods()).toEqual(INJECTED);
  await replicas[0]?.mount();
  expect(await makePods()).toEqual(INJECTED);
  clock.advance(SERVED_EVERYWHERE_MS - 1);
  await keeper.look();
  expect([await makePods(), await authorities()]).toEqual([INJECTED, 2]);
  await replicas[1]?.mount();
  expect(await makePods()).toEqual(INJECTED);
  clock.advance(1);
  await keeper.look();
  expect([await makePods(), await authorities()]).toEqual([INJECTED, 1]);
});
