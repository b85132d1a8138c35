import { expect, test } from "bun:test";
import { servingAuthority } from "#lib/k8s/certified-key.ts";
import { createCertificates } from "../certificates.ts";
import { renderCni } from "../cni.ts";
import { renderControlPlane } from "../control-plane.ts";
import { createValues } from "../values.ts";
import { CONTROL_PLANE_HELPERS, crdNotes, namespaceNotes } from "./helpers.ts";

test("namespaceNotes() names the labels that the command line gives namespaces", () => {
  const values = createValues("1");
  const certificates = createCertificates({ namespace: "linkerd", trustDomain: "x", nowMs: 0 });
  for (const [chart, objects] of [
    ["linkerd-control-plane", renderControlPlane(values, certificates)],
    ["linkerd2-cni", renderCni(values)],
  ] as const) {
    const labels = objects.find(({ kind }) => kind === "Namespace")?.metadata?.labels ?? {};
    const notes = namespaceNotes(chart).replaceAll("{{ .Release.Namespace }}", "linkerd");
    for (const [name, value] of Object.entries(labels)) expect(notes).toContain(`${name}=${value}`);
  }
  expect(crdNotes()).toContain("linkerd-control-plane");
});

test("the configuration that a chart keeps has no key", () => {
  const [configuration] = CONTROL_PLANE_HELPERS.split('define "mesh.webhook');
  for (const name of ["keyPEM", "crtPEM", "caBundle", "identityTrustAnchorsPEM"])
    expect(configuration).toContain(name);
  expect(configuration).toContain('list "proxyInjector" "policyValidator" "profileValidator"');
});

test("a chart names the webhook's authority as one that the injector renews", () => {
  expect(servingAuthority("HOST")).toBe("HOST CA");
  expect(CONTROL_PLANE_HELPERS).toContain('genCA (printf "%s CA" $host)');
});
