/** The injector's values, for tests. */

import type { InjectValues } from "../../controller/injector/values.ts";

const NONE = { request: "", limit: "" };

/** Values as a fresh installation has them. */
export const fakeValues = (): InjectValues => ({
  linkerdVersion: "1.2.3",
  namespace: "linkerd",
  clusterDomain: "cluster.local",
  identityTrustDomain: "cluster.local",
  clusterNetworks: "10.0.0.0/8,fd00::/8",
  proxy: {
    image: { name: "ghcr.io/bunkerd/bunkerd", version: "1.2.3", pullPolicy: "IfNotPresent" },
    logLevel: "warn,linkerd=info",
    logFormat: "plain",
    ports: { admin: 4191, control: 4190, inbound: 4143, outbound: 4140 },
    resources: { cpu: NONE, memory: NONE },
    uid: 2102,
    defaultInboundPolicy: "all-unauthenticated",
    opaquePorts: "25,587,3306,4444,5432,6379,9300,11211",
    await: true,
    shutdownGracePeriod: "",
    waitBeforeExitSeconds: 0,
    nativeSidecar: true,
    requireIdentityOnInboundPorts: "",
    enableShutdownEndpoint: false,
    outboundConnectTimeout: "1000ms",
    inboundConnectTimeout: "100ms",
    outboundDiscoveryCacheUnusedTimeout: "5s",
    inboundDiscoveryCacheUnusedTimeout: "90s",
    metrics: { hostnameLabels: false },
    tracing: {
      enabled: false,
      traceServiceName: "linkerd-proxy",
      labels: { "k8s.pod.ip": "$(_pod_ip)", "k8s.pod.uid": "$(_pod_uid)" },
      collector: { endpoint: "", meshIdentity: { serviceAccountName: "", namespace: "" } },
    },
    tap: {
      enabled: false,
      meshIdentity: { serviceAccountName: "tap", namespace: "linkerd-viz" },
    },
    captureProof: true,
  },
});
