import { expect, test } from "bun:test";
import { createServingCertificate } from "#lib/k8s/certified-key.ts";
import type { MutatingWebhookConfiguration } from "#lib/k8s/types/admission.ts";
import { changed, findings, INSTALLED_MS, without } from "../../test/fake/installed.ts";
import { WEBHOOKS } from "./webhooks.ts";

const NAME = "MutatingWebhookConfiguration/linkerd-proxy-injector-webhook-config";

test("the webhook's certificate is trusted, until it expires", async () => {
  expect(await findings(WEBHOOKS)).toEqual({});
  expect(Object.keys(await findings(WEBHOOKS, { days: 330 }))).toEqual([
    "warning: proxy-injector cert is valid for at least 60 days",
  ]);
  expect(Object.values(await findings(WEBHOOKS, { days: 400 }))[0]).toContain(
    "certificate not valid anymore",
  );
});

test("while the certificate is renewed, one of two authorities is that of what is served", async () => {
  const other = createServingCertificate("linkerd-proxy-injector.linkerd.svc", INSTALLED_MS);
  for (const place of ["start", "end"] as const) {
    const both = changed(NAME, (config: MutatingWebhookConfiguration) => {
      const client = config.webhooks?.[0]?.clientConfig;
      const before = Buffer.from(client?.caBundle ?? "", "base64").toString();
      const bundle = place === "start" ? other.caPem + before : before + other.caPem;
      if (client !== undefined) client.caBundle = Buffer.from(bundle).toString("base64");
    });
    expect(await findings(WEBHOOKS, { objects: both })).toEqual({});
  }
});

test("no bundle, and a bundle of somebody else, are told", async () => {
  expect(Object.values(await findings(WEBHOOKS, { objects: without(NAME) }))[0]).toContain(
    "is not set",
  );
  const foreign = changed(
    "Secret/linkerd-proxy-injector-k8s-tls",
    (secret: { data: Record<string, string> }) => {
      secret.data["tls.crt"] = Buffer.from(Bun.inspect("")).toString("base64");
    },
  );
  expect(Object.values(await findings(WEBHOOKS, { objects: foreign }))[0]).toContain(
    "no certificate",
  );
});
