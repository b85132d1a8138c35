import { expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { createServingCertificate } from "#lib/k8s/certified-key.ts";
import type { MutatingWebhookConfiguration } from "#lib/k8s/types/admission.ts";
import type { Secret } from "#lib/k8s/types/core.ts";
import { WEBHOOKS, webhookHost } from "#lib/k8s/webhooks.ts";
import { fakeCluster } from "../test/fake/cli.ts";
import { ANCHORS_PEM, INSTALLED_MS, installed } from "../test/fake/installed.ts";
import { readInstalled } from "./installed.ts";

const HOW = { namespace: "linkerd", wallMs: INSTALLED_MS };

test("readInstalled() gives back what was installed", async () => {
  const { overrides, certificates } = await readInstalled(fakeCluster(installed()), HOW);
  expect(overrides).toEqual({});
  expect(certificates.anchorsPem).toBe(ANCHORS_PEM);
  expect(certificates.issuer?.keyPem).toContain("PRIVATE KEY");
  for (const [key, { secret }] of Object.entries(WEBHOOKS)) {
    const { caPem, crtPem } = certificates[key as keyof typeof WEBHOOKS];
    const object = installed().find(({ metadata }) => metadata?.name === secret) as Secret;
    expect([secret, btoa(crtPem), btoa(caPem)]).toEqual([
      secret,
      object.data?.["tls.crt"] ?? "",
      object.data?.["ca.crt"] ?? "",
    ]);
  }
});

test("readInstalled() makes certificates for webhooks that an earlier version did not have, and keeps the others", async () => {
  const earlier = installed().filter(({ metadata }) => !/validator/.test(metadata?.name ?? ""));
  const [before, after] = await Promise.all(
    [installed(), earlier].map((objects) => readInstalled(fakeCluster(objects), HOW)),
  );
  expect(after?.certificates.proxyInjector).toEqual(before?.certificates.proxyInjector as never);
  for (const key of ["policyValidator", "profileValidator"] as const) {
    const { crtPem } = after?.certificates[key] ?? {};
    expect(new X509Certificate(crtPem ?? "").checkHost(webhookHost(WEBHOOKS[key], "linkerd"))).toBe(
      webhookHost(WEBHOOKS[key], "linkerd"),
    );
    expect(crtPem).not.toBe(before?.certificates[key].crtPem as string);
  }
});

test("readInstalled() takes a webhook's certificate as it was renewed, the old authority with the new one", async () => {
  const { crtPem, keyPem, caPem } = createServingCertificate("x", INSTALLED_MS);
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  let bundle = "";
  const { secret, configuration } = WEBHOOKS.proxyInjector;
  const objects = installed().map((object) => {
    const copy = structuredClone(object) as Secret & MutatingWebhookConfiguration;
    if (copy.metadata?.name === secret)
      copy.data = { "tls.crt": base64(crtPem), "tls.key": base64(keyPem) };
    const config = copy.webhooks?.[0]?.clientConfig;
    if (config !== undefined && copy.metadata?.name === configuration.name) {
      bundle = Buffer.from(config.caBundle ?? "", "base64").toString() + caPem;
      config.caBundle = base64(bundle);
    }
    return copy;
  });
  const { certificates } = await readInstalled(fakeCluster(objects), HOW);
  expect(certificates.proxyInjector).toEqual({ crtPem, keyPem, caPem: bundle });
  expect(bundle.split("BEGIN")).toHaveLength(3);
});

test("readInstalled() leaves an issuer and anchors that others write to them", async () => {
  const overrides = { identity: { externalCA: true, issuer: { scheme: "kubernetes.io/tls" } } };
  const objects = installed().flatMap((object) => {
    const copy = structuredClone(object) as Secret;
    const { name } = copy.metadata ?? {};
    if (name === "linkerd-identity-trust-roots") return [];
    if (name === "linkerd-identity-issuer") delete copy.metadata?.annotations;
    if (name === "linkerd-config-overrides")
      copy.data = { "linkerd-config-overrides": btoa(JSON.stringify(overrides)) };
    return [copy];
  });
  const found = await readInstalled(fakeCluster(objects), HOW);
  expect(found.overrides).toEqual(overrides as never);
  expect([found.certificates.anchorsPem, found.certificates.issuer]).toEqual(["", undefined]);
});

test("readInstalled() says what is missing", async () => {
  expect(readInstalled(fakeCluster([]), HOW)).rejects.toThrow(
    "Cannot find an installation in namespace linkerd: values of ConfigMap linkerd-config is missing",
  );
});
