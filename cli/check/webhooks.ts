/** Category linkerd-webhooks-and-apisvc-tls: the API server can trust the webhook. */

import type { X509Certificate } from "node:crypto";
import { MUTATING_WEBHOOK_CONFIGURATIONS } from "#lib/k8s/resource.ts";
import { expiresSoon, isIssuedBy, parseCertificates, timeProblem } from "./certificate.ts";
import { type Category, expectThat, type Target } from "./check.ts";
import { readCertificate } from "./config.ts";

const NAME = "linkerd-proxy-injector";

async function readServing(target: Target): Promise<X509Certificate> {
  const [serving] = parseCertificates((await readCertificate(target, `${NAME}-k8s-tls`)).crtPem);
  expectThat(serving !== undefined, `there is no certificate in Secret ${NAME}-k8s-tls`);
  return serving;
}

/** The checks. */
export const WEBHOOKS: Category = {
  name: "linkerd-webhooks-and-apisvc-tls",
  checks: [
    {
      description: "proxy-injector webhook has valid cert",
      anchor: "l5d-proxy-injector-webhook-cert-valid",
      severity: "fatal",
      run: async (target) => {
        const name = `${NAME}-webhook-config`;
        const config = await target.client.get(MUTATING_WEBHOOK_CONFIGURATIONS, { name });
        const bundle = config?.webhooks?.[0]?.clientConfig.caBundle;
        expectThat(
          bundle !== undefined,
          `caBundle of MutatingWebhookConfiguration ${name} is not set`,
        );
        const serving = await readServing(target);
        const anchors = parseCertificates(Buffer.from(bundle, "base64").toString());
        expectThat(isIssuedBy(serving, anchors), "cert is not issued by the trust anchor");
        const host = `${NAME}.${target.linkerdNamespace}.svc`;
        expectThat(serving.checkHost(host) !== undefined, `cert is not valid for ${host}`);
        const problem = timeProblem(serving, target.wall());
        expectThat(problem === undefined, `certificate ${problem}`);
      },
    },
    {
      description: "proxy-injector cert is valid for at least 60 days",
      anchor: "l5d-proxy-injector-webhook-cert-not-expiring-soon",
      severity: "warning",
      run: async (target) => {
        const problem = expiresSoon(await readServing(target), target.wall());
        expectThat(problem === undefined, `certificate ${problem}`);
      },
    },
  ],
};
