/** A cluster for the control bench: Services with ten endpoints and a route each. */

import { SERVICE_NAME } from "#lib/k8s/resource.ts";
import type { Service } from "#lib/k8s/types/core.ts";
import type { EndpointSlice } from "#lib/k8s/types/discovery.ts";

/** The one namespace, of clients and Services. */
export const NAMESPACE = "shop";
const PORT = 8080;
const ENDPOINTS = 10;

/** Names and addresses by number. */
export const serviceName = (service: number): string => `service-${service}`;
export const addressOf = (service: number): string =>
  `10.96.${(service >> 8) + 1}.${service & 0xff}`;

/** A Service with its address. */
export const makeService = (service: number): Service => ({
  metadata: { name: serviceName(service), namespace: NAMESPACE },
  spec: {
    clusterIP: addressOf(service),
    clusterIPs: [addressOf(service)],
    ports: [{ name: "http", port: 80, targetPort: PORT, protocol: "TCP" }],
  },
});

/** Its endpoints. */
export const makeSlice = (service: number): EndpointSlice => ({
  metadata: {
    name: `${serviceName(service)}-abcde`,
    namespace: NAMESPACE,
    labels: { [SERVICE_NAME]: serviceName(service) },
  },
  addressType: "IPv4",
  ports: [{ name: "http", port: PORT, protocol: "TCP" }],
  endpoints: Array.from({ length: ENDPOINTS }, (_, at) => ({
    addresses: [`10.200.${service >> 4}.${((service & 0xf) << 4) | at}`],
    conditions: { ready: true, serving: true, terminating: false },
  })),
});

/** Its route, which takes one path; `version` is in it. */
export const makeRoute = (service: number, version = 0): object => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "HTTPRoute",
  metadata: { name: serviceName(service), namespace: NAMESPACE },
  spec: {
    parentRefs: [{ group: "core", kind: "Service", name: serviceName(service), port: 80 }],
    rules: [
      {
        matches: [{ path: { type: "Exact", value: `/version/${version}` } }],
        backendRefs: [{ name: serviceName(service), port: 80 }],
      },
    ],
  },
});
