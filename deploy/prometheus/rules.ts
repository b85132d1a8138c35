/** What is recorded of a mesh, and what somebody has to be told. Rules name only metrics that our own parts have. */

/** A series that is made of others. */
export interface Recording {
  readonly record: string;
  readonly expr: string;
}

/** Something that must not stay as it is. */
export interface Alert {
  readonly alert: string;
  readonly expr: string;
  /** How long it must hold before anybody is told. */
  readonly for: string;
  readonly labels: {
    readonly severity: "warning" | "critical";
    readonly component?: string;
  };
  readonly annotations: { readonly summary: string; readonly description: string };
}

/** Rules that are evaluated together. */
export interface RuleGroup {
  readonly name: string;
  readonly rules: readonly (Recording | Alert)[];
}

const WORKLOAD = "namespace, deployment, statefulset, daemonset, direction";
const DAY = 86_400;

const quantile = (percent: number): Recording => ({
  record: `workload:response_latency_ms:p${percent}`,
  expr: `histogram_quantile(${percent / 100}, sum by (le, ${WORKLOAD}) (rate(response_latency_ms_bucket[1m])))`,
});

const RECORDED: readonly Recording[] = [
  {
    record: "workload:requests:rate1m",
    expr: `sum by (${WORKLOAD}) (rate(request_total[1m]))`,
  },
  {
    record: "workload:success:ratio_rate1m",
    expr: `sum by (${WORKLOAD}) (rate(response_total{classification="success"}[1m])) / sum by (${WORKLOAD}) (rate(response_total[1m]))`,
  },
  ...[50, 95, 99].map(quantile),
];

function alert(
  name: string,
  expr: string,
  about: {
    readonly severity?: "warning" | "critical";
    readonly for?: string;
    readonly component?: string;
    readonly summary: string;
    readonly todo: string;
  },
): Alert {
  const { component } = about;
  return {
    alert: name,
    expr,
    for: about.for ?? "5m",
    labels: {
      severity: about.severity ?? "warning",
      ...(component !== undefined && { component }),
    },
    annotations: { summary: about.summary, description: about.todo },
  };
}

const CERTIFICATES: readonly Alert[] = [
  alert("MeshIssuerExpires", `issuer_cert_ttl_seconds < ${30 * DAY}`, {
    summary: "The issuer's certificate expires within 30 days",
    todo: "Make a new issuer by the same trust anchor and run bunkerd upgrade with it; no pod restarts.",
  }),
  alert("MeshIssuerExpiresSoon", `issuer_cert_ttl_seconds < ${7 * DAY}`, {
    severity: "critical",
    summary: "The issuer's certificate expires within 7 days",
    todo: "Afterwards no proxy gets a certificate. Run bunkerd upgrade with a new issuer now.",
  }),
  alert(
    "MeshCertificateNotRenewed",
    'increase(control_identity_cert_refreshes_total{result="error"}[15m]) > 0',
    {
      summary: "Proxy {{ $labels.namespace }}/{{ $labels.pod }} cannot renew its certificate",
      todo: "See the proxy's log and bunkerd check: the identity service cannot be reached, or refuses it.",
    },
  ),
  alert("MeshCertificateExpired", "control_identity_cert_expiration_timestamp_seconds < time()", {
    severity: "critical",
    for: "1m",
    summary: "Proxy {{ $labels.namespace }}/{{ $labels.pod }} has no certificate that holds",
    todo: "Nobody takes what it sends. See its log and bunkerd check --proxy.",
  }),
  alert("MeshAnchorUnknown", 'control_identity_cert_anchor_info{anchor=""} == 1', {
    summary:
      "Proxy {{ $labels.namespace }}/{{ $labels.pod }} has a certificate of no anchor that it trusts",
    todo: "An anchor was taken away before its issuer was replaced: put it back into the bundle.",
  }),
  alert(
    "MeshTrustBundleRefused",
    'increase(control_identity_trust_bundle_updates_total{result="refused"}[15m]) > 0',
    {
      for: "0m",
      summary: "Proxy {{ $labels.namespace }}/{{ $labels.pod }} refused a trust bundle",
      todo: "See its log, and ConfigMap linkerd-identity-trust-roots: every anchor in it must be a certificate.",
    },
  ),
];

const gone = (component: string): Alert =>
  alert(
    "MeshControllerMissing",
    `absent(up{job="linkerd-controller", component="${component}"} == 1)`,
    {
      severity: "critical",
      component,
      summary: `No ${component} of the control plane answers`,
      todo: `Proxies go on with what they know, new pods do not start well. See deployment linkerd-${component} and bunkerd check.`,
    },
  );

const PROCESSES: readonly Alert[] = [
  alert("MeshProxyNotReached", 'up{job="linkerd-proxy"} == 0', {
    summary: "Proxy {{ $labels.namespace }}/{{ $labels.pod }} does not answer",
    todo: "See the pod: its proxy is not up, or port 4191 cannot be reached.",
  }),
  alert("MeshControllerNotReached", 'up{job="linkerd-controller"} == 0', {
    summary: "{{ $labels.component }} in pod {{ $labels.pod }} does not answer",
    todo: "See the pod's log and bunkerd check.",
  }),
  ...["identity", "destination", "proxy-injector"].map(gone),
  alert("MeshKubernetesNotWatched", "bunkerd_kubernetes_degraded == 1", {
    summary: "{{ $labels.pod }} cannot watch every {{ $labels.kind }} of Kubernetes",
    todo: "Proxies are told what was known before. Its log says why: the API is away, or a right was taken away.",
  }),
  alert("MeshNodeAgentNotReached", 'up{job="linkerd-cni"} == 0', {
    summary: "The node agent of {{ $labels.node }} does not answer",
    todo: "Meshed pods cannot start on that node. See its pod's log.",
  }),
  alert(
    "MeshPodsNotRedirected",
    'increase(linkerd_cni_requests_total{outcome="failure"}[15m]) > 5',
    {
      summary: "The node agent of {{ $labels.node }} refuses pods",
      todo: "The events of the pods that do not start, and the agent's log, say why.",
    },
  ),
];

const TRAFFIC: readonly Alert[] = [
  alert(
    "MeshSuccessRateLow",
    'workload:success:ratio_rate1m{direction="inbound"} < 0.95 and workload:requests:rate1m{direction="inbound"} > 1',
    {
      summary:
        "{{ $labels.namespace }}/{{ $labels.deployment }}{{ $labels.statefulset }}{{ $labels.daemonset }}: {{ $value | humanizePercentage }} of requests succeed",
      todo: "bunkerd viz stat shows where; the application's own log says why.",
    },
  ),
  alert(
    "MeshRequestsDenied",
    "sum by (namespace, deployment, statefulset, daemonset) (rate(inbound_http_authz_deny_total[5m])) > 0",
    {
      for: "10m",
      summary:
        "{{ $labels.namespace }}/{{ $labels.deployment }}{{ $labels.statefulset }}{{ $labels.daemonset }} refuses callers by policy",
      todo: "Somebody calls who may not: a policy is too narrow, or the caller is not meshed.",
    },
  ),
];

/** All of them. */
export const RULES: readonly RuleGroup[] = [
  { name: "mesh-workloads", rules: RECORDED },
  { name: "mesh-certificates", rules: CERTIFICATES },
  { name: "mesh-processes", rules: PROCESSES },
  { name: "mesh-traffic", rules: TRAFFIC },
];
