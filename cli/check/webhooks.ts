/** Category linkerd-webhooks-and-apisvc-tls: the API server can trust each webhook. */

import type { X509Certificate } from "node:crypto";
import {
  INJECTOR,
  POLICY_VALIDATOR,
  PROFILE_VALIDATOR,
  type Webhook,
  webhookHost,
} from "#lib/k8s/webhooks.ts";
import { expiresSoon, isIssuedBy, parseCertificates, timeProblem } from "./certificate.ts";
import { type Category, type Check, expectThat, type Target } from "./check.ts";
import { readCertificate } from "./config.ts";

async function readServing(target: Target, { secret }: Webhook): Promise<X509Certificate> {
  const [serving] = parseCertificates((await readCertificate(target, secret)).crtPem);
  expectThat(serving !== undefined, `there is no certificate in Secret ${secret}`);
  return serving;
}

async function expectTrusted(target: Target, webhook: Webhook): Promise<void> {
  const { resource, name } = webhook.configuration;
  const config = await target.client.get(resource, { name });
  const bundle = config?.webhooks?.[0]?.clientConfig.caBundle;
  expectThat(bundle !== undefined, `caBundle of ${resource.kind} ${name} is not set`);
  const serving = await readServing(target, webhook);
  const anchors = parseCertificates(Buffer.from(bundle, "base64").toString());
  expectThat(isIssuedBy(serving, anchors), "cert is not issued by the trust anchor");
  const host = webhookHost(webhook, target.linkerdNamespace);
  expectThat(serving.checkHost(host) !== undefined, `cert is not valid for ${host}`);
  const problem = timeProblem(serving, target.wall());
  expectThat(problem === undefined, `certificate ${problem}`);
}

const checksOf = (name: string, webhook: Webhook): readonly Check[] => [
  {
    description: `${name} webhook has valid cert`,
    anchor: `l5d-${name}-webhook-cert-valid`,
    severity: "fatal",
    run: (target) => expectTrusted(target, webhook),
  },
  {
    description: `${name} cert is valid for at least 60 days`,
    anchor: `l5d-${name}-webhook-cert-not-expiring-soon`,
    severity: "warning",
    run: async (target) => {
      const problem = expiresSoon(await readServing(target, webhook), target.wall());
      expectThat(problem === undefined, `certificate ${problem}`);
    },
  },
];

/** The checks. */
export const WEBHOOKS: Category = {
  name: "linkerd-webhooks-and-apisvc-tls",
  checks: [
    ...checksOf("proxy-injector", INJECTOR),
    ...checksOf("sp-validator", PROFILE_VALIDATOR),
    ...checksOf("policy-validator", POLICY_VALIDATOR),
  ],
};
