/** The manifests of earlier versions, as they were rendered then: upgrades start from each. */

import { readdirSync } from "node:fs";
import { loadAll } from "js-yaml";
import type { ServingCertificate } from "#lib/k8s/certified-key.ts";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import { ofEachWebhook } from "#lib/k8s/webhooks.ts";
import { writeDocument } from "../../../cli/inject/yaml.ts";
import { createCertificates, type OwnCertificates } from "../../../deploy/certificates.ts";
import { renderCni } from "../../../deploy/cni.ts";
import { renderControlPlane } from "../../../deploy/control-plane.ts";
import { renderCrds } from "../../../deploy/crds/render.ts";
import { createValues } from "../../../deploy/values.ts";

const FOLDER = new URL(".", import.meta.url).pathname;
const PARTS = ["crds", "cni", "control-plane"] as const;
const TRUST_DOMAIN = "cluster.local";

const marked = (whose: string): ServingCertificate => ({
  crtPem: `${whose}_CERTIFICATE`,
  keyPem: `${whose}_KEY`,
  caPem: `${whose}_CA`,
});

/** What stands for certificates and keys, none of which is kept. */
const MARKS: OwnCertificates = {
  anchorsPem: "TRUST_ANCHORS",
  issuer: { crtPem: "ISSUER_CERTIFICATE", keyPem: "ISSUER_KEY" },
  proxyInjector: marked("INJECTOR"),
  policyValidator: marked("POLICY_VALIDATOR"),
  profileValidator: marked("PROFILE_VALIDATOR"),
};

/** Keeps what this version renders by its defaults. */
export async function keepManifests(version: string): Promise<void> {
  const values = createValues(version);
  const rendered: Readonly<Record<(typeof PARTS)[number], readonly KubeObject[]>> = {
    crds: renderCrds(values.namespace),
    cni: renderCni(values),
    "control-plane": renderControlPlane(values, MARKS),
  };
  for (const part of PARTS)
    await Bun.write(
      `${FOLDER}${version}/${part}.yml`,
      rendered[part].map((object) => `---\n${writeDocument(object)}`).join(""),
    );
}

/** The versions whose manifests are kept, oldest first. */
export function keptVersions(): string[] {
  return readdirSync(FOLDER, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .toSorted(Bun.semver.order);
}

/** What a version was installed by, in the order in which it is applied, with certificates of now: lists as JSON. */
export async function readManifests(version: string): Promise<string[]> {
  const certificates = createCertificates({
    namespace: createValues(version).namespace,
    trustDomain: TRUST_DOMAIN,
    nowMs: Date.now(),
  });
  const texts = new Map(
    pairs(certificates).flatMap(([mark, pem]) => [
      [mark, pem],
      [base64(mark), base64(pem)],
    ]),
  );
  const fill = (_: string, value: unknown): unknown =>
    typeof value === "string" ? (texts.get(value) ?? value) : value;
  return await Promise.all(
    PARTS.map(async (part) => {
      const items = loadAll(await Bun.file(`${FOLDER}${version}/${part}.yml`).text());
      return JSON.stringify({ apiVersion: "v1", kind: "List", items }, fill);
    }),
  );
}

const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** Each mark with what it stands for. */
const pairs = (certificates: OwnCertificates): [string, string][] => [
  [MARKS.anchorsPem, certificates.anchorsPem],
  [MARKS.issuer.crtPem, certificates.issuer.crtPem],
  [MARKS.issuer.keyPem, certificates.issuer.keyPem],
  ...Object.values(
    ofEachWebhook((key): [string, string][] => [
      [MARKS[key].crtPem, certificates[key].crtPem],
      [MARKS[key].keyPem, certificates[key].keyPem],
      [MARKS[key].caPem, certificates[key].caPem],
    ]),
  ).flat(),
];
