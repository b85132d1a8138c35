/** Which objects can be read: the API server checks kinds of its own, but what it checks depends on its version. */

import { normalizeIp } from "#lib/addr/ip.ts";
import {
  isFlag,
  isNumber,
  isText,
  isTextOrNumber,
  list,
  object,
  optional,
  type Shape,
  texts,
} from "#lib/k8s/shape.ts";

const marks = { annotations: optional(texts), labels: optional(texts) };
const metadata = object(marks);
const isAddress: Shape = (value) => typeof value === "string" && normalizeIp(value) !== undefined;
const isClusterIp: Shape = (value) => value === "" || value === "None" || isAddress(value);
const probe = optional(
  object({
    httpGet: optional(object({ port: optional(isTextOrNumber), path: optional(isText) })),
  }),
);
const container = object({
  name: isText,
  env: optional(list(object({ name: isText, value: optional(isText) }))),
  ports: optional(
    list(
      object({
        containerPort: isNumber,
        hostPort: optional(isNumber),
        name: optional(isText),
      }),
    ),
  ),
  livenessProbe: probe,
  readinessProbe: probe,
  startupProbe: probe,
});

/** A Pod as `toWorkload` reads it. */
export const isPod: Shape = object({
  metadata: object({
    ...marks,
    ownerReferences: optional(
      list(object({ kind: isText, name: isText, controller: optional(isFlag) })),
    ),
  }),
  spec: optional(
    object({
      containers: optional(list(container)),
      initContainers: optional(list(container)),
      serviceAccountName: optional(isText),
      nodeName: optional(isText),
      hostNetwork: optional(isFlag),
    }),
  ),
  status: optional(
    object({
      phase: optional(isText),
      podIP: optional((value) => value === "" || isAddress(value)),
      hostIP: optional((value) => value === "" || isAddress(value)),
      podIPs: optional(list(object({ ip: isAddress }))),
    }),
  ),
});

/** A Service as `toServiceView` reads it. */
export const isService: Shape = object({
  metadata,
  spec: optional(
    object({
      type: optional(isText),
      clusterIP: optional(isClusterIp),
      clusterIPs: optional(list(isClusterIp)),
      ports: optional(
        list(object({ port: isNumber, name: optional(isText), appProtocol: optional(isText) })),
      ),
    }),
  ),
});

const slice = (address: Shape, addressType: Shape = isText): Shape =>
  object({
    metadata,
    addressType,
    ports: optional(list(object({ name: optional(isText), port: optional(isNumber) }))),
    endpoints: optional(
      list(
        object({
          addresses: list(address),
          conditions: optional(object({ ready: optional(isFlag) })),
          hostname: optional(isText),
          nodeName: optional(isText),
          zone: optional(isText),
          targetRef: optional(
            object({ kind: optional(isText), name: optional(isText), namespace: optional(isText) }),
          ),
          hints: optional(object({ forZones: optional(list(object({ name: isText }))) })),
        }),
      ),
    ),
  });

const ofAddresses = slice(isAddress);
const ofNames = slice(isText, (value) => value === "FQDN");

/** An EndpointSlice as `endpointSet` reads it; addresses of names (FQDN) are read by nobody. */
export const isEndpointSlice: Shape = (value) => ofAddresses(value) || ofNames(value);

/** A Namespace or a Node: their annotations and labels are read. */
export const hasMarks: Shape = object({ metadata });
