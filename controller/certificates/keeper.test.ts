import { afterAll, beforeAll, expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { isIssuedBy } from "#lib/identity/trust-bundle.ts";
import { createServingCertificate, type ServingCertificate } from "#lib/k8s/certified-key.ts";
import type { KubeClient } from "#lib/k8s/client.ts";
import {
  MUTATING_WEBHOOK_CONFIGURATIONS,
  SECRETS,
  VALIDATING_WEBHOOK_CONFIGURATIONS,
} from "#lib/k8s/resource.ts";
import type { Webhook } from "#lib/k8s/webhooks.ts";
import { fromPem } from "#lib/x509/pem.ts";
import { FakeClock } from "../../test/fake/clock.ts";
import { FakeKubeApi } from "../../test/fake/kube-api.ts";
import { RecordedLog } from "../../test/fake/recorded-log.ts";
import { CertificateKeeper, type KeeperOptions, LOOK_MS } from "./keeper.ts";
import { SERVED_EVERYWHERE_MS, TRUSTED_EVERYWHERE_MS } from "./plan.ts";

let kube: FakeKubeApi;
beforeAll(async () => {
  kube = await FakeKubeApi.start();
});
afterAll(() => kube.stop());

const DAY_MS = 86_400_000;
const HOST = "hook.mesh.svc";
const base64 = (text: string): string => Buffer.from(text).toString("base64");
const text = (data: string | undefined): string => Buffer.from(data ?? "", "base64").toString();
const certificates = (pem: string): X509Certificate[] =>
  fromPem("CERTIFICATE", pem).map((der) => new X509Certificate(der));

/** A webhook of a name of its own, whose certificate is due. */
class Hook {
  readonly webhook: Webhook;
  readonly clock = new FakeClock();
  readonly log = new RecordedLog();
  readonly old: ServingCertificate = createServingCertificate(HOST, -250 * DAY_MS);
  writes = 0;

  constructor(
    name: string,
    resource: Webhook["configuration"]["resource"] = MUTATING_WEBHOOK_CONFIGURATIONS,
  ) {
    this.webhook = { name: "hook", secret: name, configuration: { resource, name } };
  }

  get secret(): { readonly name: string; readonly namespace: string } {
    return { name: this.webhook.secret, namespace: "mesh" };
  }

  static async create(...how: ConstructorParameters<typeof Hook>): Promise<Hook> {
    const hook = new Hook(...how);
    const { resource, name } = hook.webhook.configuration;
    const { crtPem, keyPem, caPem } = hook.old;
    await kube.admin.create(SECRETS, {
      metadata: { ...hook.secret },
      type: "kubernetes.io/tls",
      data: { "tls.crt": base64(crtPem), "tls.key": base64(keyPem), other: base64("kept") },
    });
    await kube.admin.create(resource, {
      metadata: { name },
      webhooks: [
        {
          name: "pods.hook.x",
          admissionReviewVersions: ["v1"],
          sideEffects: "None",
          failurePolicy: "Ignore",
          clientConfig: {
            service: { namespace: "mesh", name: "hook", path: "/" },
            caBundle: base64(caPem),
          },
          rules: [
            { operations: ["CREATE"], apiGroups: ["x"], apiVersions: ["v1"], resources: ["none"] },
          ],
        },
      ],
    } as never);
    return hook;
  }

  /** A keeper that leads until it has written so often. */
  keeper(writes = Number.POSITIVE_INFINITY): CertificateKeeper {
    const hook = this;
    const end = this.writes + writes;
    const replace: KubeClient["replace"] = async (resource, object) => {
      const written = await kube.admin.replace(resource, object);
      this.writes++;
      await this.expectServed();
      return written;
    };
    return new CertificateKeeper(
      {
        client: { get: kube.admin.get, replace },
        ...this.about,
      },
      {
        get holds() {
          return hook.writes < end;
        },
      },
    );
  }

  /** What a keeper of it is told beside its client. */
  get about(): Omit<KeeperOptions, "client"> {
    const { clock, log, webhook } = this;
    return { clock, log: log.logger, webhook, namespace: "mesh" };
  }

  async bundle(): Promise<X509Certificate[]> {
    const { resource, name } = this.webhook.configuration;
    const webhook = await kube.admin.get(resource, { name });
    return certificates(text(webhook?.webhooks?.[0]?.clientConfig.caBundle));
  }

  async leaf(): Promise<X509Certificate> {
    const secret = await kube.admin.get(SECRETS, this.secret);
    expect(text(secret?.data?.["other"])).toBe("kept");
    const [leaf] = certificates(text(secret?.data?.["tls.crt"]));
    if (leaf === undefined) throw new Error("Cannot find a certificate");
    return leaf;
  }

  /** What is served is verified by what the API server is told, at every moment. */
  async expectServed(): Promise<void> {
    const leaf = await this.leaf();
    expect((await this.bundle()).some((authority) => isIssuedBy(leaf, authority))).toBe(true);
  }

  async isRenewed(): Promise<boolean> {
    return !(await this.leaf()).raw.equals(new X509Certificate(this.old.crtPem).raw);
  }

  /** Looks now, and again after each time that it waits for. */
  async finish(keeper: CertificateKeeper): Promise<void> {
    for (const ms of [0, TRUSTED_EVERYWHERE_MS, 0, SERVED_EVERYWHERE_MS, 0]) {
      this.clock.advance(ms);
      await keeper.look();
    }
  }
}

test("CertificateKeeper renews in three writes, with the times between them that all need", async () => {
  const hook = await Hook.create("steps");
  const keeper = hook.keeper();
  await keeper.look();
  expect([hook.writes, (await hook.bundle()).length, await hook.isRenewed()]).toEqual([
    1,
    2,
    false,
  ]);
  hook.clock.advance(TRUSTED_EVERYWHERE_MS - 1);
  await keeper.look();
  expect(hook.writes).toBe(1);
  hook.clock.advance(1);
  await keeper.look();
  expect([hook.writes, (await hook.bundle()).length, await hook.isRenewed()]).toEqual([2, 2, true]);
  hook.clock.advance(SERVED_EVERYWHERE_MS - 1);
  await keeper.look();
  expect(hook.writes).toBe(2);
  hook.clock.advance(1);
  await keeper.look();
  expect([hook.writes, (await hook.bundle()).length]).toEqual([3, 1]);
  await keeper.look();
  expect(hook.writes).toBe(3);
  expect(hook.log.lines.join("\n")).toContain("Certificate of the webhook is good");
});

test("G12: the certificate of a webhook that validates is renewed as well, and the log names the webhook", async () => {
  const hook = await Hook.create("validates", VALIDATING_WEBHOOK_CONFIGURATIONS);
  await hook.finish(hook.keeper());
  expect([hook.writes, await hook.isRenewed(), (await hook.bundle()).length]).toEqual([3, true, 1]);
  expect(hook.log.lines.at(-1)).toContain("webhook=hook");
});

test.each([0, 1, 2, 3])(
  "G12: a leader that ends after %p writes has a successor that finishes",
  async (writes) => {
    const hook = await Hook.create(`ends-${writes}`);
    await hook.finish(hook.keeper(writes));
    expect(hook.writes).toBe(writes);
    await hook.finish(hook.keeper());
    const [authority, ...others] = await hook.bundle();
    expect([await hook.isRenewed(), others]).toEqual([true, []]);
    expect(isIssuedBy(await hook.leaf(), authority as X509Certificate)).toBe(true);
  },
);

test("F13: a leader that lost the lease between look and write does not write, and a stale write is refused", async () => {
  const hook = await Hook.create("fenced");
  const never = hook.keeper(0);
  await never.look();
  expect(hook.writes).toBe(0);
  const keeper = hook.keeper();
  const { get } = kube.admin;
  let looks = 0;
  const slow = new CertificateKeeper(
    {
      client: {
        get: async (resource, name) => {
          const read = await get(resource, name);
          // The second look is the one before the first write.
          if (resource.kind === MUTATING_WEBHOOK_CONFIGURATIONS.kind && ++looks === 2)
            await keeper.look();
          return read;
        },
        replace: kube.admin.replace,
      },
      ...hook.about,
    },
    { holds: true },
  );
  await slow.look();
  expect([looks, (await hook.bundle()).length]).toEqual([2, 2]);
  expect(hook.log.lines.filter((line) => line.includes("Cannot renew"))).toEqual([]);
});

test("CertificateKeeper looks every so often while it leads, and tells of an API that is away once", async () => {
  const hook = new Hook("none");
  let holds = true;
  let asked = Promise.withResolvers<void>();
  const keeper = new CertificateKeeper(
    {
      client: {
        get: () => {
          asked.resolve();
          return Promise.reject(new Error("away"));
        },
        replace: kube.admin.replace,
      },
      ...hook.about,
    },
    {
      get holds() {
        return holds;
      },
    },
  );
  keeper.start();
  for (let round = 0; round < 3; round++) {
    await asked.promise;
    await new Promise<void>(setImmediate);
    asked = Promise.withResolvers<void>();
    expect(hook.clock.nextMs).toBe(LOOK_MS);
    hook.clock.advance(LOOK_MS);
  }
  await asked.promise;
  await new Promise<void>(setImmediate);
  holds = false;
  hook.clock.advance(LOOK_MS);
  await new Promise<void>(setImmediate);
  expect(hook.clock.nextMs).toBeUndefined();
  expect(hook.log.lines).toHaveLength(1);
});
