import { expect, test } from "bun:test";
import { changed, findings, without } from "../../test/fake/installed.ts";
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
