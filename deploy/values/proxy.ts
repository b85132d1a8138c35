/** Values of proxies, and of what is redirected to them. */

import type { ProxyValues } from "../../controller/injector/values.ts";
import { IMAGE } from "../image/environment.ts";
import {
  flag,
  integer,
  labels,
  port,
  type SpecificationOf,
  text,
  type Value,
  version,
} from "./kinds.ts";
import {
  ADDRESS_OR_NONE,
  DURATION,
  DURATION_OR_NONE,
  FILLED,
  logFormat,
  PORTS,
  pullPolicy,
  resources,
} from "./shared.ts";
import type { ProxyInitValues } from "./types.ts";

const duration = (description: string, initial: string): Value<string> =>
  text(description, { ...DURATION, initial });

/** Defaults of every proxy; annotations win over them. */
export const PROXY: SpecificationOf<ProxyValues> = {
  image: {
    name: text("Image of proxies, without its tag", { ...FILLED, initial: IMAGE }),
    version: version("Tag of that image"),
    pullPolicy: pullPolicy("proxies"),
  },
  logLevel: text("Log level of proxies", {
    ...FILLED,
    initial: "warn,linkerd=info,hickory=error",
  }),
  logFormat: logFormat("proxies"),
  ports: {
    admin: port("Admin port of proxies", 4191),
    control: port("Tap port of proxies", 4190),
    inbound: port("Inbound port of proxies", 4143),
    outbound: port("Outbound port of proxies", 4140),
  },
  resources: resources("proxies"),
  uid: integer("User that proxies run as", { initial: 2102, minimum: 1 }),
  defaultInboundPolicy: text("Who may call a port that no policy names", {
    initial: "all-unauthenticated",
    pattern: /^((all|cluster)-(un)?authenticated|deny|audit)$/,
  }),
  opaquePorts: text("Ports whose traffic is passed on as it is, apart by commas", {
    ...PORTS,
    initial: "25,587,3306,4444,5432,6379,9300,11211",
  }),
  requireIdentityOnInboundPorts: text(
    "Inbound ports that take nobody without an identity, apart by commas",
    PORTS,
  ),
  await: flag("Whether an application starts only once its proxy is ready", true),
  nativeSidecar: flag("Whether a proxy is a native sidecar, or an ordinary container", true),
  waitBeforeExitSeconds: integer("How long the proxy of a pod that ends goes on as before", {
    initial: 0,
  }),
  shutdownGracePeriod: text("How long a proxy waits for what is under way when it ends", {
    ...DURATION_OR_NONE,
  }),
  enableShutdownEndpoint: flag("Whether POST /shutdown ends a proxy", false),
  outboundConnectTimeout: duration("How long a connection to a peer may take", "1000ms"),
  inboundConnectTimeout: duration("How long a connection to the application may take", "100ms"),
  outboundDiscoveryCacheUnusedTimeout: duration(
    "How long an unused outbound discovery is kept",
    "5s",
  ),
  inboundDiscoveryCacheUnusedTimeout: duration("How long an unused inbound policy is kept", "90s"),
  metrics: {
    hostnameLabels: flag("Whether metrics of what goes out tell host names apart", false),
  },
  tracing: {
    enabled: flag("Whether proxies send spans of requests that belong to a trace", false),
    traceServiceName: text(
      "Service that spans tell of, where no label app.kubernetes.io/instance or /name of a pod says",
      { initial: "linkerd-proxy" },
    ),
    labels: labels("Attributes of spans; annotations resource.opentelemetry.io/… win over them", {
      "k8s.pod.ip": "$(_pod_ip)",
      "k8s.pod.uid": "$(_pod_uid)",
      "k8s.container.name": "$(_pod_containerName)",
    }),
    collector: {
      endpoint: text("Where spans go by OTLP over gRPC: host:port", ADDRESS_OR_NONE),
      meshIdentity: {
        serviceAccountName: text("Account of the collector; needed unless it is on loopback"),
        namespace: text("Namespace of the collector's account"),
      },
    },
  },
  tap: {
    enabled: flag("Whether proxies tell of requests to whom may tap", false),
    meshIdentity: {
      serviceAccountName: text("Account of who may tap", { ...FILLED, initial: "tap" }),
      namespace: text("Namespace of that account", { ...FILLED, initial: "linkerd-viz" }),
    },
  },
  captureProof: flag("Whether a proxy is ready only once it is known to be captured", true),
};

/** What the node agent leaves alone; read by `install-cni`. */
export const PROXY_INIT: SpecificationOf<ProxyInitValues> = {
  ignoreInboundPorts: text("Inbound ports that no proxy sees, apart by commas", {
    ...PORTS,
    initial: "4567,4568",
  }),
  ignoreOutboundPorts: text("Outbound ports that no proxy sees, apart by commas", {
    ...PORTS,
    initial: "4567,4568",
  }),
  kubeAPIServerPorts: text("Ports of the API server, which the control plane calls directly", {
    ...PORTS,
    initial: "443,6443",
  }),
  skipSubnets: text("Networks from which connections go past the proxies, apart by commas"),
};
