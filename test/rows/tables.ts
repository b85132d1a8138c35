/** The rows of Linkerd's interface and of the faults that a test must name. An id never changes. */

/** One table, and the ids of its rows. */
export interface Table {
  readonly name: string;
  readonly ids: readonly string[];
}

const numbered = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index + 1}`);

const both = (name: string): string[] => [`INBOUND_${name}`, `OUTBOUND_${name}`];

const words = (text: string): string[] => text.trim().split(/\s+/);

/** Variables of the proxy, without `LINKERD2_PROXY_`. */
const VARIABLES: readonly string[] = [
  ...words(`
    OUTBOUND_LISTEN_ADDR OUTBOUND_LISTEN_ADDRS INBOUND_LISTEN_ADDR CONTROL_LISTEN_ADDR ADMIN_LISTEN_ADDR
    INBOUND_IPS INBOUND_PORTS INBOUND_PORTS_DISABLE_PROTOCOL_DETECTION
    INBOUND_PORTS_REQUIRE_IDENTITY INBOUND_PORTS_REQUIRE_TLS INBOUND_DEFAULT_POLICY
    POLICY_CLUSTER_NETWORKS POLICY_SVC_ADDR POLICY_SVC_NAME POLICY_WORKLOAD
    DESTINATION_SVC_ADDR DESTINATION_SVC_NAME DESTINATION_CONTEXT
    DESTINATION_PROFILE_NETWORKS DESTINATION_PROFILE_SUFFIXES DESTINATION_PROFILE_INITIAL_TIMEOUT
    IDENTITY_SVC_ADDR IDENTITY_SVC_NAME IDENTITY_DIR IDENTITY_TRUST_ANCHORS IDENTITY_TOKEN_FILE
    IDENTITY_LOCAL_NAME IDENTITY_SERVER_ID IDENTITY_SERVER_NAME
    IDENTITY_SPIRE_WORKLOAD_API_ADDRESS IDENTITY_SPIRE_SOCKET
    LINKERD2_PROXY_IDENTITY_SPIRE_EXP_BACKOFF_MIN LINKERD2_PROXY_IDENTITY_SPIRE_EXP_BACKOFF_MAX
    LINKERD2_PROXY_IDENTITY_SPIRE_EXP_BACKOFF_JITTER
    IDENTITY_MIN_REFRESH IDENTITY_MAX_REFRESH IDENTITY_DISABLED TAP_SVC_NAME
    TRACE_COLLECTOR_SVC_ADDR TRACE_COLLECTOR_SVC_NAME TRACE_ATTRIBUTES_PATH TRACE_SERVICE_NAME
    TRACE_EXTRA_ATTRIBUTES OTEL_RESOURCE_ATTRIBUTES HOSTNAME TRACE_PROTOCOL TRACE_ANNOTATIONS_PATH
    CONTROL_STREAM_INITIAL_TIMEOUT CONTROL_STREAM_IDLE_TIMEOUT CONTROL_STREAM_LIFETIME
    OUTBOUND_TCP_QUEUE_CAPACITY OUTBOUND_TCP_FAILFAST_TIMEOUT
    MAX_IDLE_CONNS_PER_ENDPOINT OUTBOUND_MAX_IDLE_CONNS_PER_ENDPOINT
    HTTP2_INITIAL_STREAM_WINDOW_SIZE HTTP2_INITIAL_CONNECTION_WINDOW_SIZE
    INGRESS_MODE INBOUND_GATEWAY_SUFFIXES OUTBOUND_DISABLE_INFORMATIONAL_HEADERS
    OUTBOUND_METRICS_HOSTNAME_LABELS INBOUND_METRICS_AUTHORITY_LABELS METRICS_RETAIN_IDLE
    SHUTDOWN_ENDPOINT_ENABLED SHUTDOWN_GRACE_PERIOD DNS_MIN_TTL DNS_MAX_TTL
    CORES CORES_MIN CORES_MAX CORES_MAX_RATIO LOG LOG_FORMAT ACCESS_LOG
  `),
  ...words(`
    DETECT_TIMEOUT CONNECT_TIMEOUT
    CONNECT_EXP_BACKOFF_MIN CONNECT_EXP_BACKOFF_MAX CONNECT_EXP_BACKOFF_JITTER
    ACCEPT_KEEPALIVE CONNECT_KEEPALIVE ACCEPT_USER_TIMEOUT CONNECT_USER_TIMEOUT
    TCP_LISTEN_BACKLOG DISCOVERY_IDLE_TIMEOUT HTTP_QUEUE_CAPACITY HTTP_FAILFAST_TIMEOUT
    HTTP1_CONNECTION_POOL_IDLE_TIMEOUT MAX_IN_FLIGHT
    SERVER_HTTP2_KEEP_ALIVE_INTERVAL SERVER_HTTP2_KEEP_ALIVE_TIMEOUT
    SERVER_HTTP2_MAX_CONCURRENT_STREAMS SERVER_HTTP2_MAX_FRAME_SIZE SERVER_HTTP2_MAX_HEADER_LIST_SIZE
    SERVER_HTTP2_MAX_PENDING_ACCEPT_RESET_STREAMS SERVER_HTTP2_MAX_SEND_BUF_SIZE
    SERVER_HTTP2_ADAPTIVE_FLOW_CONTROL SERVER_HTTP2_INITIAL_STREAM_WINDOW_SIZE
    SERVER_HTTP2_INITIAL_CONNECTION_WINDOW_SIZE
  `).flatMap(both),
];

const within = (group: string, names: string): string[] =>
  words(names).map((name) => `${group}/${name}`);

/** Annotations, and the labels that are set by hand. */
const ANNOTATIONS: readonly string[] = [
  "linkerd.io/inject",
  ...within(
    "config.linkerd.io",
    `
    default-inbound-policy opaque-ports skip-inbound-ports skip-outbound-ports skip-subnets
    pod-inbound-ports inbound-port outbound-port admin-port control-port
    proxy-image proxy-version image-pull-policy
    proxy-cpu-request proxy-cpu-limit proxy-memory-request proxy-memory-limit
    proxy-ephemeral-storage-request proxy-ephemeral-storage-limit proxy-cpu-ratio-limit
    proxy-uid proxy-gid proxy-log-level proxy-log-format proxy-log-http-headers access-log
    proxy-outbound-connect-timeout proxy-inbound-connect-timeout
    proxy-outbound-discovery-cache-unused-timeout proxy-inbound-discovery-cache-unused-timeout
    proxy-disable-outbound-protocol-detect-timeout proxy-disable-inbound-protocol-detect-timeout
    proxy-require-identity-inbound-ports enable-external-profiles proxy-metrics-hostname-labels
    proxy-await proxy-admin-shutdown shutdown-grace-period close-wait-timeout
    proxy-enable-native-sidecar proxy-additional-env enable-gateway enable-debug-sidecar
    debug-image debug-image-version debug-image-pull-policy admission-webhooks
  `,
  ),
  "config.alpha.linkerd.io/proxy-wait-before-exit-seconds",
  "resource.opentelemetry.io/<attr>",
  ...within("viz.linkerd.io", "disable-tap tap-enabled"),
  ...within("retry.linkerd.io", "http grpc limit timeout"),
  ...within("timeout.linkerd.io", "request response idle"),
  ...within(
    "balancer.linkerd.io",
    `
    failure-accrual failure-accrual-consecutive-max-failures failure-accrual-consecutive-min-penalty
    failure-accrual-consecutive-max-penalty failure-accrual-consecutive-jitter-ratio
  `,
  ),
  ...within(
    "balancer.alpha.linkerd.io",
    `
    failure-accrual-success-rate-threshold failure-accrual-success-rate-window
    failure-accrual-success-rate-min-requests failure-accrual-honor-retry-after
    penalize-failures load-biaser-penalty load-biaser-max-retry-after
  `,
  ),
  ...within("mirror.linkerd.io", "exported federated"),
];

const CRDS: readonly string[] = [
  ...words(`
    AuthorizationPolicy EgressNetwork HTTPLocalRateLimitPolicy HTTPRoute MeshTLSAuthentication
    NetworkAuthentication ServerAuthorization Server
  `).map((kind) => `${kind}.policy.linkerd.io`),
  "ServiceProfile.linkerd.io",
  "ExternalWorkload.workload.linkerd.io",
  "Link.multicluster.linkerd.io",
];

/** Every table, in the order in which it is printed. */
export const TABLES: readonly Table[] = [
  { name: "proxy: features", ids: numbered("P", 60) },
  { name: "proxy: errors", ids: numbered("ERR", 20) },
  { name: "proxy: admin server", ids: numbered("ADMIN", 9) },
  { name: "proxy: headers", ids: numbered("HDR", 9) },
  { name: "proxy: wire", ids: numbered("WIRE", 14) },
  { name: "proxy: variables", ids: VARIABLES },
  { name: "metrics: labels", ids: numbered("LBL", 8) },
  { name: "metrics: families", ids: numbered("MET", 48) },
  { name: "destination", ids: numbered("DST", 17) },
  { name: "outbound policy", ids: numbered("OUT", 14) },
  { name: "inbound policy", ids: numbered("INB", 12) },
  { name: "admission", ids: numbered("ADM", 13) },
  { name: "identity", ids: numbered("IDY", 6) },
  { name: "injector", ids: numbered("INJ", 13) },
  { name: "controllers' metrics", ids: numbered("CPM", 7) },
  { name: "definitions", ids: CRDS },
  { name: "annotations and labels", ids: ANNOTATIONS },
  ...Object.entries({
    A: 42,
    B: 38,
    C: 32,
    D: 10,
    E: 24,
    F: 25,
    G: 20,
    H: 21,
    I: 18,
    J: 12,
    K: 20,
    L: 15,
  }).map(([table, rows]) => ({ name: `faults ${table}`, ids: numbered(table, rows) })),
];
