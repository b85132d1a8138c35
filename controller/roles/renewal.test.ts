import { expect, test } from "bun:test";
import { createServingCertificate } from "#lib/k8s/certified-key.ts";
import { LEASES, SECRETS, VALIDATING_WEBHOOK_CONFIGURATIONS } from "#lib/k8s/resource.ts";
import { POLICY_VALIDATOR, PROFILE_VALIDATOR, webhookHost } from "#lib/k8s/webhooks.ts";
import { LogFilter } from "#lib/log/log-filter.ts";
import { createLogger } from "#lib/log/logger.ts";
import { FakeClock } from "../../test/fake/clock.ts";
import { FakeKubeApi } from "../../test/fake/kube-api.ts";
import { Seen } from "../../test/fake/seen.ts";
import { electKeeper } from "./renewal.ts";

const base64 = (text: string): string => Buffer.from(text).toString("base64");

test("electKeeper() looks after each webhook of a Deployment by one Lease, which it gives back", async () => {
  const kube = await FakeKubeApi.start();
  const lines = new Seen<string>();
  const filter = new LogFilter();
  const log = createLogger({ filter, format: "plain", wall: () => 0, write: lines.push });
  const clock = new FakeClock();
  const webhooks = [POLICY_VALIDATOR, PROFILE_VALIDATOR];
  for (const webhook of webhooks) {
    const { crtPem, keyPem, caPem } = createServingCertificate(webhookHost(webhook, "mesh"), 0);
    await kube.admin.create(SECRETS, {
      metadata: { name: webhook.secret, namespace: "mesh" },
      data: { "tls.crt": base64(crtPem), "tls.key": base64(keyPem) },
    });
    await kube.admin.create(VALIDATING_WEBHOOK_CONFIGURATIONS, {
      metadata: { name: webhook.configuration.name },
      webhooks: [
        {
          name: `${webhook.name}.linkerd.io`,
          ...{ admissionReviewVersions: ["v1"], sideEffects: "None" },
          clientConfig: { url: "https://x", caBundle: base64(caPem) },
        },
      ],
    });
  }
  const elector = electKeeper(
    { deployment: "linkerd-destination", namespace: "mesh", webhooks },
    {
      ...{ client: kube.admin, clock, random: () => 0, memoryShare: () => 0, log },
      onFault: (error) => {
        throw error;
      },
    },
  );
  elector.start();
  for (const { name } of webhooks)
    await lines.until(`that the certificate of ${name} is looked at`, (all) =>
      all.find((line) => line.includes("is good") && line.endsWith(`webhook=${name}`)),
    );
  const lease = { name: "linkerd-destination-certificates", namespace: "mesh" };
  const holder = async (): Promise<string | undefined> =>
    (await kube.admin.get(LEASES, lease))?.spec?.holderIdentity;
  expect(await holder()).not.toBe("");
  await elector.stop();
  expect((await holder()) ?? "").toBe("");
  kube.stop();
});
