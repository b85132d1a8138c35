/** Helm renders from our charts what the command line renders: object by object, for values of every kind. */

import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { $, deepEquals } from "bun";
import { loadAll } from "js-yaml";
import { writeCharts } from "../../../deploy/helm/main.ts";
import { createValues, type Overrides } from "../../../deploy/values.ts";
import type { WebhookConfiguration } from "../../../lib/k8s/types/admission.ts";
import type { Secret } from "../../../lib/k8s/types/core.ts";
import type { KubeObject } from "../../../lib/k8s/types/meta.ts";
import { WEBHOOKS, type Webhook, type WebhookKey, webhookHost } from "../../../lib/k8s/webhooks.ts";
import type { Report, Suite } from "../suite.ts";
import { goProgram } from "../tools.ts";
import {
  anyValues,
  CERTIFICATE_VALUES,
  certified,
  merged,
  rendered,
  SETS,
  VERSION,
} from "./rendered.ts";

const HELM = "helm.sh/helm/v3/cmd/helm@v3.21.4";
const KUBERNETES = "1.36.0";
const RANDOM_SETS = 20;
const SEED = 7;

type Tree = Readonly<Record<string, unknown>>;

/** Chart by chart: the part of an installation that it is, and which value names its namespace. */
const CHARTS = [
  { chart: "linkerd-crds", part: "crds", namespaceOf: "namespace" },
  { chart: "linkerd2-cni", part: "cni", namespaceOf: "cni" },
  { chart: "linkerd-control-plane", part: "controlPlane", namespaceOf: "namespace" },
] as const;

export const charts: Suite = {
  name: "charts",
  quick: true,
  needs: ["go"],
  run: async (report) => {
    const helm = await goProgram(HELM, "helm");
    const folder = mkdtempSync(`${tmpdir()}/charts-`);
    try {
      writeCharts(folder, VERSION);
      for (const { chart } of CHARTS) {
        const file = values(folder, CERTIFICATE_VALUES, chart);
        const lint = await $`${helm} lint ${folder}/${chart} --values ${file}`.quiet().nothrow();
        tell(report, `${chart} lint`, lint.exitCode === 0 ? undefined : lint.stdout.toString());
      }
      for (const [name, overrides] of sets())
        for (const each of CHARTS)
          tell(
            report,
            `${each.chart}, ${name}`,
            await compare(helm, { ...each, folder, overrides }),
          );
      for (const [key, webhook] of Object.entries(WEBHOOKS))
        tell(
          report,
          `the certificate of ${webhook.name} is made`,
          await madeWebhook(helm, { folder, key: key as WebhookKey, webhook }),
        );
      tell(report, "an issuer is asked for", await refusal(helm, folder));
      tell(report, "a CA is asked for", await refusedWithoutCa(helm, folder));
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

function tell(report: Report, name: string, why: string | undefined): void {
  if (why === undefined) report.passed(name);
  else report.failed(name, why);
}

/** What Helm renders otherwise than the command line, or cannot render. */
async function compare(
  helm: string,
  what: (typeof CHARTS)[number] & { readonly folder: string; readonly overrides: Overrides },
): Promise<string | undefined> {
  const { chart, part, namespaceOf, folder, overrides } = what;
  const full = certified(overrides);
  const { namespace, cni } = createValues(VERSION, full);
  const release = namespaceOf === "cni" ? cni.namespace : namespace;
  const how = [
    "-n",
    release,
    "--values",
    values(folder, full, chart),
    "--kube-version",
    KUBERNETES,
  ];
  const run = await $`${helm} template x ${folder}/${chart} ${how}`.quiet().nothrow();
  if (run.exitCode !== 0) return run.stderr.toString();
  return difference(rendered(full)[part], loadAll(run.stdout.toString()) as KubeObject[]);
}

const CHART = "linkerd-control-plane";

async function template(
  helm: string,
  folder: string,
  overrides: Overrides,
): Promise<{ readonly objects: readonly KubeObject[]; readonly error: string }> {
  const how = ["--values", values(folder, overrides, CHART), "--kube-version", KUBERNETES];
  const run = await $`${helm} template x ${folder}/${CHART} -n mesh ${how}`.quiet().nothrow();
  const objects = loadAll(run.stdout.toString()) as KubeObject[];
  return { objects, error: run.stderr.toString() };
}

/** What is wrong with the certificate that a chart makes where none is given. */
async function madeWebhook(
  helm: string,
  of: { readonly folder: string; readonly key: WebhookKey; readonly webhook: Webhook },
): Promise<string | undefined> {
  const { folder, key, webhook } = of;
  const { [key]: _, ...given } = CERTIFICATE_VALUES;
  const { resource, name } = webhook.configuration;
  const { objects, error } = await template(helm, folder, given);
  const find = <T>(kind: string, name: string): T | undefined =>
    objects.find((each) => each?.kind === kind && each.metadata?.name === name) as T | undefined;
  const secret = find<Secret>("Secret", webhook.secret);
  const hook = find<WebhookConfiguration>(resource.kind, name);
  const certificate = (base64 = ""): X509Certificate =>
    new X509Certificate(Buffer.from(base64, "base64"));
  if (secret === undefined || hook === undefined) return `nothing rendered: ${error}`;
  const leaf = certificate(secret.data?.["tls.crt"]);
  const authority = certificate(hook.webhooks?.[0]?.clientConfig.caBundle);
  if (!leaf.verify(authority.publicKey)) return "its CA did not sign it";
  return leaf.checkHost(webhookHost(webhook, "mesh")) === undefined
    ? `it is of ${leaf.subjectAltName}`
    : undefined;
}

async function refusal(helm: string, folder: string): Promise<string | undefined> {
  const { error } = await template(helm, folder, {});
  return /(crtPEM|keyPEM|AnchorsPEM) is needed: a chart makes no issuer/.test(error)
    ? undefined
    : `it says ${error}`;
}

async function refusedWithoutCa(helm: string, folder: string): Promise<string | undefined> {
  const overrides = merged(CERTIFICATE_VALUES, {
    proxyInjector: { externalSecret: true, caBundle: "" },
  });
  const { error } = await template(helm, folder, overrides);
  return error.includes("proxyInjector.externalSecret needs one of caBundle")
    ? undefined
    : `it says ${error}`;
}

function sets(): (readonly [string, Overrides])[] {
  let state = SEED;
  const random = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const chosen: (readonly [string, Overrides])[] = [];
  while (chosen.length < RANDOM_SETS) {
    // Users of their own, or the values are refused.
    const users = { controllerUID: 2103, proxy: { uid: 2202 } };
    const overrides = merged(anyValues(random), users);
    if (isUsable(overrides)) chosen.push([`random ${chosen.length}`, overrides]);
  }
  return [...Object.entries(SETS), ...chosen];
}

function isUsable(overrides: Overrides): boolean {
  try {
    createValues(VERSION, certified(overrides));
    return true;
  } catch {
    return false;
  }
}

/** Writes the values that a chart knows, and returns the file. */
function values(folder: string, overrides: Overrides, chart: string): string {
  const file = `${folder}/${chart}.json`;
  const schema = JSON.parse(readFileSync(`${folder}/${chart}/values.schema.json`, "utf8")) as Tree;
  writeFileSync(file, JSON.stringify(known(overrides as Tree, schema)));
  return file;
}

function known(given: Tree, { properties = {}, additionalProperties }: Tree): Tree {
  if (additionalProperties !== false) return given;
  const names = properties as Readonly<Record<string, Tree>>;
  return Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) => {
      const schema = names[name];
      if (schema === undefined) return [];
      return [[name, schema["type"] === "object" ? known(value as Tree, schema) : value]];
    }),
  );
}

/** The first object that is not the same, or is missing; Helm makes the namespace and keeps what was set. */
function difference(
  ours: readonly KubeObject[],
  theirs: readonly KubeObject[],
): string | undefined {
  const [wanted, given] = [byName(ours.filter(isCharted)), byName(theirs.filter(Boolean))];
  const names = new Set([...wanted.keys(), ...given.keys()]);
  for (const name of names) {
    const [one, other] = [wanted.get(name), given.get(name)];
    if (!deepEquals(one, other)) return `${name}: ${place(one, other, "")}`;
  }
  return undefined;
}

const isCharted = ({ kind, metadata }: KubeObject): boolean =>
  kind !== "Namespace" && metadata?.name !== "linkerd-config-overrides";

function byName(objects: readonly KubeObject[]): Map<string, unknown> {
  return new Map(
    objects.map((object) => {
      const text = JSON.stringify(object).replaceAll('"linkerd/cli ', '"linkerd/helm ');
      const copy = JSON.parse(text) as KubeObject & { data?: Record<string, unknown> };
      const config = copy.metadata?.name === "linkerd-config" ? copy.data : undefined;
      if (config) config["values"] = JSON.parse(String(config["values"]));
      return [`${copy.kind}/${copy.metadata?.namespace}/${copy.metadata?.name}`, copy];
    }),
  );
}

/** Where two values part. */
function place(one: unknown, other: unknown, path: string): string {
  const isTree = (value: unknown): value is Tree => typeof value === "object" && value !== null;
  if (!isTree(one) || !isTree(other))
    return `${path} is ${JSON.stringify(one)}, by Helm ${JSON.stringify(other)}`;
  const names = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  const name = names.find((each) => !deepEquals(one[each], other[each])) ?? "";
  return place(one[name], other[name], `${path}.${name}`);
}
