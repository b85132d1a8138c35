import { expect, test } from "bun:test";
import type { ValidatingWebhookConfiguration } from "#lib/k8s/types/admission.ts";
import type { Deployment } from "#lib/k8s/types/apps.ts";
import type { Secret, Service } from "#lib/k8s/types/core.ts";
import { parseDestination } from "../controller/args.ts";
import { renderDestination } from "./destination.ts";
import { renderValidators } from "./validators.ts";
import { createValues } from "./values.ts";

const certificate = (name: string) => ({
  crtPem: `${name} CRT`,
  keyPem: "KEY",
  caPem: `${name} CA`,
});
const certificates = {
  policyValidator: certificate("policy"),
  profileValidator: certificate("profile"),
};
const values = createValues("1.2.3", {
  webhookFailurePolicy: "Fail",
  policyValidator: {
    namespaceSelector: { matchExpressions: [{ key: "team", operator: "Exists" }] },
  },
});
const { before, after } = renderValidators(values, certificates);
const decoded = (base64 = ""): string => Buffer.from(base64, "base64").toString();

test("each validator has Linkerd's Secret and Service, which the API server and the pod agree on", () => {
  const secrets = before.filter(({ kind }) => kind === "Secret") as Secret[];
  expect(secrets.map(({ metadata, data }) => [metadata?.name, decoded(data?.["tls.crt"])])).toEqual(
    [
      ["linkerd-sp-validator-k8s-tls", "profile CRT"],
      ["linkerd-policy-validator-k8s-tls", "policy CRT"],
    ],
  );
  const services = before.filter(({ kind }) => kind === "Service") as Service[];
  expect(services.map(({ metadata, spec }) => [metadata?.name, spec?.ports])).toEqual([
    ["linkerd-sp-validator", [{ name: "sp-validator", port: 443, targetPort: 8443 }]],
    ["linkerd-policy-validator", [{ name: "policy-https", port: 443, targetPort: 9443 }]],
  ]);
});

test("the API server asks Linkerd's webhooks about Linkerd's kinds", () => {
  const [profiles, policy] = after as ValidatingWebhookConfiguration[];
  const common = { failurePolicy: "Fail", sideEffects: "None", admissionReviewVersions: ["v1"] };
  const operations = ["CREATE", "UPDATE"];
  expect(profiles).toMatchObject({
    kind: "ValidatingWebhookConfiguration",
    metadata: { name: "linkerd-sp-validator-webhook-config" },
    webhooks: [
      {
        ...common,
        name: "linkerd-sp-validator.linkerd.io",
        clientConfig: {
          service: { name: "linkerd-sp-validator", namespace: "linkerd", path: "/" },
          caBundle: btoa("profile CA"),
        },
        namespaceSelector: {
          matchExpressions: [
            {
              key: "config.linkerd.io/admission-webhooks",
              operator: "NotIn",
              values: ["disabled"],
            },
          ],
        },
        rules: [
          {
            ...{ operations, apiGroups: ["linkerd.io"], apiVersions: ["v1alpha1", "v1alpha2"] },
            resources: ["serviceprofiles"],
          },
        ],
      },
    ],
  });
  expect(policy).toMatchObject({
    metadata: { name: "linkerd-policy-validator-webhook-config" },
    webhooks: [
      {
        ...common,
        name: "linkerd-policy-validator.linkerd.io",
        clientConfig: {
          service: { name: "linkerd-policy-validator" },
          caBundle: btoa("policy CA"),
        },
        namespaceSelector: { matchExpressions: [{ key: "team", operator: "Exists" }] },
        rules: [
          { operations, apiGroups: ["policy.linkerd.io"], apiVersions: ["*"] },
          { operations, apiGroups: ["gateway.networking.k8s.io"], apiVersions: ["*"] },
        ],
      },
    ],
  });
  expect(policy?.webhooks?.[0]?.rules?.map(({ resources }) => resources?.toSorted())).toEqual([
    [
      ...["authorizationpolicies", "egressnetworks", "httplocalratelimitpolicies", "httproutes"],
      ...["meshtlsauthentications", "networkauthentications", "serverauthorizations", "servers"],
    ],
    ["grpcroutes", "httproutes", "tcproutes", "tlsroutes"],
  ]);
});

test("the controller finds each Secret where it is mounted, and its proxy leaves the ports alone", () => {
  const deployment = renderDestination(values, certificates).find(
    ({ kind }) => kind === "Deployment",
  ) as Deployment;
  const { spec, metadata } = deployment.spec?.template ?? {};
  const container = spec?.containers.find(({ name }) => name === "destination");
  const parsed = parseDestination(container?.args?.slice(2) ?? [], {});
  const admission = parsed.type === "args" ? parsed.args.admission : undefined;
  const secretAt = (path: string | undefined): string | undefined => {
    const mount = container?.volumeMounts?.find(({ mountPath }) => mountPath === path);
    return spec?.volumes?.find(({ name }) => name === mount?.name)?.secret?.secretName;
  };
  expect([secretAt(admission?.policy.tlsDir), secretAt(admission?.profiles.tlsDir)]).toEqual([
    "linkerd-policy-validator-k8s-tls",
    "linkerd-sp-validator-k8s-tls",
  ]);
  expect(metadata?.annotations?.["config.linkerd.io/opaque-ports"]).toBe("8443,9443");
  expect(container?.lifecycle?.preStop).toEqual({ sleep: { seconds: 5 } });
});
