/** What charts say beside their objects: how values become configuration and certificates, and what is left to do. */

import { SERVING_LIFETIME_MS } from "#lib/k8s/certified-key.ts";
import { WEBHOOKS } from "#lib/k8s/webhooks.ts";

const DAY_MS = 86_400_000;
const WEBHOOK_KEYS = Object.keys(WEBHOOKS)
  .map((key) => JSON.stringify(key))
  .join(" ");
const SERVING_DAYS = SERVING_LIFETIME_MS / DAY_MS;

/**
 * `mesh.skippedPorts` are annotations that name the ports of proxies which no redirection takes: those of probes and tap,
 * where they are not where they are by default. `mesh.traceLabels` are lines of attributes of spans. `mesh.values` is the
 * content of ConfigMap linkerd-config. `mesh.webhookCertificate` has what a webhook serves with, base64: what is given (of
 * one that others write the CA), else what is there, else a new one; it is kept among the values, as all templates must
 * see the same one. Its arguments: the root, the webhook's name among the values, its Service, the kind of its
 * configuration.
 */
export const CONTROL_PLANE_HELPERS: string = `{{- define "mesh.skippedPorts" -}}
{{- $ports := list .Values.proxy.ports.admin .Values.proxy.ports.control }}
{{- $texts := list }}
{{- range $ports }}
{{- $texts = append $texts (int64 . | toString) }}
{{- end }}
{{- $moved := without (uniq $texts) "4190" "4191" }}
{{- if $moved }}
{{- dict "config.linkerd.io/skip-inbound-ports" (join "," $moved) | toJson }}
{{- else }}
{{- dict | toJson }}
{{- end }}
{{- end }}

{{- define "mesh.traceLabels" -}}
{{- $lines := list }}
{{- range $name, $value := .Values.proxy.tracing.labels }}
{{- $lines = append $lines (printf "%s=%s" $name $value) }}
{{- end }}
{{- join "\\n" $lines }}
{{- end }}

{{- define "mesh.values" -}}
{{- $values := deepCopy .Values }}
{{- $_ := set $values "namespace" .Release.Namespace }}
{{- $_ := set $values "identityTrustAnchorsPEM" "" }}
{{- $_ := set $values.identity.issuer "tls" (dict "crtPEM" "" "keyPEM" "") }}
{{- range $webhook := list ${WEBHOOK_KEYS} }}
{{- $given := index $values $webhook }}
{{- range $name := list "crtPEM" "keyPEM" }}
{{- $_ := set $given $name "" }}
{{- end }}
{{- if not $given.externalSecret }}
{{- $_ := set $given "caBundle" "" }}
{{- end }}
{{- end }}
{{- omit $values "global" "webhookCertificates" | toPrettyJson }}
{{- end }}

{{- define "mesh.webhookCertificate" -}}
{{- $root := index . 0 }}
{{- $key := index . 1 }}
{{- $name := index . 2 }}
{{- $kind := index . 3 }}
{{- if not (hasKey $root.Values "webhookCertificates") }}
{{- $_ := set $root.Values "webhookCertificates" dict }}
{{- end }}
{{- $all := $root.Values.webhookCertificates }}
{{- if not (hasKey $all $key) }}
{{- $given := index $root.Values $key }}
{{- $secret := lookup "v1" "Secret" $root.Release.Namespace (printf "%s-k8s-tls" $name) }}
{{- $webhook := lookup "admissionregistration.k8s.io/v1" $kind "" (printf "%s-webhook-config" $name) }}
{{- $made := dict }}
{{- if and $given.externalSecret (not $given.caBundle) }}
{{- fail (printf "%s.externalSecret needs one of caBundle, injectCaFrom and injectCaFromSecret" $key) }}
{{- end }}
{{- if or $given.externalSecret (and $given.crtPEM $given.keyPEM $given.caBundle) }}
{{- $made = dict "crt" (b64enc $given.crtPEM) "key" (b64enc $given.keyPEM) "ca" (b64enc $given.caBundle) }}
{{- else if and $secret $webhook }}
{{- $client := (index $webhook.webhooks 0).clientConfig }}
{{- $made = dict "crt" (index $secret.data "tls.crt") "key" (index $secret.data "tls.key") "ca" $client.caBundle }}
{{- else }}
{{- $host := printf "%s.%s.svc" $name $root.Release.Namespace }}
{{- $authority := genCA (printf "%s CA" $host) ${SERVING_DAYS} }}
{{- $leaf := genSignedCert $host nil (list $host) ${SERVING_DAYS} $authority }}
{{- $made = dict "crt" (b64enc $leaf.Cert) "key" (b64enc $leaf.Key) "ca" (b64enc $authority.Cert) }}
{{- end }}
{{- $_ := set $all $key $made }}
{{- end }}
{{- index $all $key | toJson }}
{{- end }}
`;

/** What the command line's Namespace has and one that Helm makes has not. */
const NAMESPACE_LABELS = {
  "linkerd-control-plane": [
    "linkerd.io/is-control-plane=true",
    "linkerd.io/control-plane-ns={{ .Release.Namespace }}",
    "config.linkerd.io/admission-webhooks=disabled",
    "pod-security.kubernetes.io/enforce=restricted",
  ],
  "linkerd2-cni": [
    "linkerd.io/cni-resource=true",
    "config.linkerd.io/admission-webhooks=disabled",
    "pod-security.kubernetes.io/enforce=privileged",
  ],
} as const;

/** What to do once, as Helm does not mark namespaces. */
export function namespaceNotes(chart: keyof typeof NAMESPACE_LABELS): string {
  const labels = NAMESPACE_LABELS[chart].map((label) => ` \\\n  ${label}`).join("");
  return `Mark the namespace, once:\n\nkubectl label --overwrite namespace {{ .Release.Namespace }}${labels}\n\nThen see that all is well: bunkerd check\n`;
}

/** What comes next. */
export function crdNotes(): string {
  return "Next: the charts linkerd2-cni and linkerd-control-plane.\n";
}
