import { expect, test } from "bun:test";
import { createServingCertificate } from "#lib/k8s/certified-key.ts";
import type { WebhookConfiguration } from "#lib/k8s/types/admission.ts";
import {
  INJECTOR,
  POLICY_VALIDATOR,
  PROFILE_VALIDATOR,
  type Webhook,
  webhookHost,
} from "#lib/k8s/webhooks.ts";
import { changed, findings, INSTALLED_MS, without } from "../../test/fake/installed.ts";
import { WEBHOOKS } from "./webhooks.ts";

const ALL: readonly (readonly [string, Webhook])[] = [
  ["proxy-injector", INJECTOR],
  ["sp-validator", PROFILE_VALIDATOR],
  ["policy-validator", POLICY_VALIDATOR],
];
const nameOf = ({ configuration: { resource, name } }: Webhook): string =>
  `${resource.kind}/${name}`;

test("the webhooks' certificates are trusted, until they expire", async () => {
  expect(await findings(WEBHOOKS)).toEqual({});
  expect(Object.keys(await findings(WEBHOOKS, { days: 330 }))).toEqual(
    ALL.map(([name]) => `warning: ${name} cert is valid for at least 60 days`),
  );
  expect(Object.values(await findings(WEBHOOKS, { days: 400 }))[0]).toContain(
    "certificate not valid anymore",
  );
});

test.each(ALL)(
  "while the certificate of %s is renewed, one of two authorities is that of what is served",
  async (_, webhook) => {
    const other = createServingCertificate(webhookHost(webhook, "linkerd"), INSTALLED_MS);
    for (const place of ["start", "end"] as const) {
      const both = changed(nameOf(webhook), (config: WebhookConfiguration) => {
        const client = config.webhooks?.[0]?.clientConfig;
        const before = Buffer.from(client?.caBundle ?? "", "base64").toString();
        const bundle = place === "start" ? other.caPem + before : before + other.caPem;
        if (client !== undefined) client.caBundle = Buffer.from(bundle).toString("base64");
      });
      expect(await findings(WEBHOOKS, { objects: both })).toEqual({});
    }
  },
);

test.each(ALL)(
  "no bundle for %s, and a certificate that is none, are told of it alone",
  async (name, webhook) => {
    const valid = `error: ${name} webhook has valid cert`;
    const bare = await findings(WEBHOOKS, { objects: without(nameOf(webhook)) });
    expect(bare[valid]).toBe(
      `caBundle of ${webhook.configuration.resource.kind} ${webhook.configuration.name} is not set`,
    );
    const foreign = changed(
      `Secret/${webhook.secret}`,
      (secret: { data: Record<string, string> }) => {
        secret.data["tls.crt"] = Buffer.from(Bun.inspect("")).toString("base64");
      },
    );
    expect((await findings(WEBHOOKS, { objects: foreign }))[valid]).toContain("no certificate");
  },
);

test("a certificate of another webhook is for another host", async () => {
  const { crtPem, caPem } = createServingCertificate(
    "linkerd-sp-validator.linkerd.svc",
    INSTALLED_MS,
  );
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  const objects = changed(
    `Secret/${POLICY_VALIDATOR.secret}`,
    (secret: { data: Record<string, string> }) => {
      secret.data["tls.crt"] = base64(crtPem);
    },
  ).map((object) => {
    if (object.metadata?.name !== POLICY_VALIDATOR.configuration.name) return object;
    const copy = structuredClone(object) as WebhookConfiguration;
    for (const { clientConfig } of copy.webhooks ?? []) clientConfig.caBundle = base64(caPem);
    return copy;
  });
  expect(Object.values(await findings(WEBHOOKS, { objects }))).toEqual([
    "cert is not valid for linkerd-policy-validator.linkerd.svc",
  ]);
});
