/** The three charts, under the names of Linkerd's. */

import { CONFIG as CONFIG_PREFIX } from "#lib/k8s/annotations.ts";
import type { Deployment } from "#lib/k8s/types/apps.ts";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import { ofEachWebhook, WEBHOOKS, type Webhook, type WebhookKey } from "#lib/k8s/webhooks.ts";
import { GRACE_SECONDS } from "../../controller/injector/inject.ts";
import type { OwnCertificates } from "../certificates.ts";
import { renderCni } from "../cni.ts";
import { OVERRIDES_SECRET, renderControlPlane } from "../control-plane.ts";
import { renderGatewayApi } from "../crds/gateway-api/render.ts";
import { renderCrds } from "../crds/render.ts";
import type { Group } from "../values/kinds.ts";
import { schemaOf } from "../values/schema.ts";
import { VALUES, type Values } from "../values.ts";
import { pick, type Source, templatesOf, valuesUsed } from "./chart.ts";
import { CONTROL_PLANE_HELPERS, crdNotes, namespaceNotes } from "./helpers.ts";
import { valuesFile } from "./values-file.ts";

/** A chart: its files by their paths in its folder. */
export interface Chart {
  readonly name: string;
  readonly files: ReadonlyMap<string, string>;
}

const KUBE_VERSION = ">=1.31.0-0";

/** All of them, for a version. */
export function charts(version: string): Chart[] {
  return [crds(version), controlPlane(version), cni(version)];
}

function crds(version: string): Chart {
  const group: Group = { namespace: VALUES.namespace, installGatewayAPI: VALUES.installGatewayAPI };
  const templates = templatesOf({
    group,
    expressions: { namespace: "$.Release.Namespace" },
    texts: {},
    render: ({ namespace, installGatewayAPI }: Values) => [
      ...renderCrds(namespace),
      ...(installGatewayAPI ? renderGatewayApi("standard") : []),
    ],
  });
  return chart("linkerd-crds", {
    version,
    description: "Custom resources of a service mesh that speaks Linkerd's interfaces",
    group: { installGatewayAPI: VALUES.installGatewayAPI },
    templates: [...templates, ["NOTES.txt", crdNotes()]],
  });
}

const token = (name: string): string => `\u27e6certificate ${name}\u27e7`;
const CONFIG = "\u27e6configuration\u27e7";
const WAIT = "\u27e6wait\u27e7";
const TRACE_LABELS = "\u27e6trace labels\u27e7";
const SKIPPED = "\u27e6skipped{}\u27e7";

/** What stands for certificates. */
const CERTIFICATES: OwnCertificates = {
  anchorsPem: token("anchors"),
  issuer: { crtPem: token("issuer"), keyPem: token("issuer key") },
  ...ofEachWebhook((_, { name }) => ({
    crtPem: token(`of ${name}`),
    keyPem: token(`of ${name}, its key`),
    caPem: token(`of ${name}, its CA`),
  })),
};

const needed = (path: string): string =>
  `required ${JSON.stringify(`${path} is needed: a chart makes no issuer`)} $.Values.${path}`;
/** Each of a webhook's texts, and the expression that has it. */
const webhookTexts = (key: WebhookKey, { name, configuration }: Webhook): [string, string][] => {
  const { crtPem, keyPem, caPem } = CERTIFICATES[key];
  const of = [key, name, configuration.resource.kind].map((word) => JSON.stringify(word)).join(" ");
  const expression = (part: string): string =>
    `index (include "mesh.webhookCertificate" (list $ ${of}) | fromJson) "${part}" | b64dec`;
  return [
    [crtPem, expression("crt")],
    [keyPem, expression("key")],
    [caPem, expression("ca")],
  ];
};

const CONTROL_PLANE: Source = {
  group: VALUES,
  expressions: { namespace: "$.Release.Namespace" },
  form: "proxy.nativeSidecar",
  texts: {
    [CERTIFICATES.anchorsPem]: needed("identityTrustAnchorsPEM"),
    [CERTIFICATES.issuer.crtPem]: needed("identity.issuer.tls.crtPEM"),
    [CERTIFICATES.issuer.keyPem]: needed("identity.issuer.tls.keyPEM"),
    ...Object.fromEntries(Object.values(ofEachWebhook(webhookTexts)).flat()),
    [CONFIG]: 'include "mesh.values" $',
    [TRACE_LABELS]: 'include "mesh.traceLabels" $',
    // No proxy waits for longer than its pod has to end.
    [WAIT]: `min ${GRACE_SECONDS} (int64 $.Values.proxy.waitBeforeExitSeconds)`,
  },
  absent: [
    "identity.externalCA",
    ...Object.keys(WEBHOOKS).flatMap((key) => [
      `${key}.externalSecret`,
      `${key}.injectCaFrom`,
      `${key}.injectCaFromSecret`,
    ]),
  ],
  maps: { [SKIPPED]: '(include "mesh.skippedPorts" $ | fromJson)' },
  conditions: {
    // With the other scheme it is for cert-manager to write the issuer's Secret.
    "Secret-linkerd-identity-issuer":
      'or (eq $.Values.identity.issuer.scheme "linkerd.io/tls") $.Values.identity.issuer.tls.crtPEM',
  },
  render: (values: Values) => renderControlPlane(values, CERTIFICATES).flatMap(asCharted),
};

/** Helm makes the namespace, and keeps the values that were set. */
function asCharted(object: KubeObject): KubeObject[] {
  const { kind, metadata } = object;
  if (kind === "Namespace" || metadata?.name === OVERRIDES_SECRET) return [];
  const text = JSON.stringify(object)
    .replaceAll('"linkerd/cli ', '"linkerd/helm ')
    .replaceAll('"\u27e6proxy.tracing.labels{}\u27e7="', JSON.stringify(TRACE_LABELS))
    .replaceAll(`"sleep":{"seconds":${GRACE_SECONDS}}`, `"sleep":{"seconds":"${WAIT}"}`);
  const copy = JSON.parse(text) as KubeObject & { data?: Record<string, string> };
  if (metadata?.name === "linkerd-config" && copy.data) copy.data["values"] = CONFIG;
  if (kind === "Deployment") markSkippedPorts(copy as Deployment);
  return [copy];
}

/** Ports of proxies that are not where they are by default are named in an annotation: both, one or none. */
function markSkippedPorts({ spec }: Deployment): void {
  const annotations = spec?.template.metadata?.annotations ?? {};
  delete annotations[`${CONFIG_PREFIX}skip-inbound-ports`];
  annotations[SKIPPED] = "";
}

function controlPlane(version: string): Chart {
  const others = /^(namespace$|installGatewayAPI$|cni\.|proxyInit\.)/;
  return chart("linkerd-control-plane", {
    version,
    description: "Control plane of a service mesh that speaks Linkerd's interfaces",
    group: pick(VALUES, "", (path) => !others.test(path)),
    templates: [
      ...templatesOf(CONTROL_PLANE),
      ["_helpers.tpl", CONTROL_PLANE_HELPERS],
      ["NOTES.txt", namespaceNotes("linkerd-control-plane")],
    ],
  });
}

function cni(version: string): Chart {
  const templates = templatesOf({
    group: VALUES,
    expressions: { "cni.namespace": "$.Release.Namespace" },
    texts: {},
    render: (values: Values) => renderCni(values).flatMap(asCharted),
  });
  return chart("linkerd2-cni", {
    version,
    description: "Node agent of a service mesh that speaks Linkerd's interfaces",
    group: valuesUsed(VALUES, templates.values()),
    templates: [...templates, ["NOTES.txt", namespaceNotes("linkerd2-cni")]],
  });
}

function chart(
  name: string,
  what: {
    readonly version: string;
    readonly description: string;
    readonly group: Group;
    readonly templates: Iterable<readonly [string, string]>;
  },
): Chart {
  const { version, description, group, templates } = what;
  const about = {
    apiVersion: "v2",
    name,
    description,
    type: "application",
    version,
    appVersion: version,
    kubeVersion: KUBE_VERSION,
  };
  const schema = schemaOf(group, version);
  // Whatever a chart of charts says to all of them.
  const properties = { ...(schema["properties"] as object), global: { type: "object" } };
  const yaml = Object.entries(about).map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`);
  return {
    name,
    files: new Map([
      ["Chart.yaml", yaml.join("")],
      ["values.yaml", valuesFile(group, version)],
      ["values.schema.json", `${JSON.stringify({ ...schema, properties }, null, 2)}\n`],
      ...[...templates].map(([file, text]) => [`templates/${file}`, text] as const),
    ]),
  };
}
