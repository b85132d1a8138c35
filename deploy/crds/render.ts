/** All definitions of custom resources: policy, profiles, external workloads. */

import { CONTROL_PLANE_NS } from "#lib/k8s/annotations.ts";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import { customResource, type Kind } from "./crd.ts";
import { HTTP_ROUTE } from "./http-route.ts";
import { POLICY_KINDS } from "./policy.ts";
import {
  ANYTHING,
  CONDITIONS,
  fields,
  INTEGER,
  INTEGER_OR_TEXT,
  list,
  NUMBER,
  PORT,
  type Schema,
  TEXT,
  withDefault,
  YES_OR_NO,
} from "./schema.ts";

const RESPONSE_CLASS = fields({
  "condition!": fields({
    all: list(ANYTHING),
    any: list(ANYTHING),
    not: ANYTHING,
    status: fields({ max: INTEGER, min: INTEGER }),
  }),
  isFailure: YES_OR_NO,
});
const PROFILE_ROUTE = fields({
  "condition!": fields({
    pathRegex: TEXT,
    method: TEXT,
    all: list(ANYTHING),
    any: list(ANYTHING),
    not: list(ANYTHING),
  }),
  isRetryable: YES_OR_NO,
  "name!": TEXT,
  timeout: TEXT,
  responseClasses: list(RESPONSE_CLASS),
});
const PROFILE = {
  dstOverrides: list(fields({ authority: TEXT, weight: INTEGER_OR_TEXT })),
  opaquePorts: list(TEXT),
  retryBudget: fields({
    "minRetriesPerSecond!": INTEGER,
    "retryRatio!": NUMBER,
    "ttl!": TEXT,
  }),
};

const SERVICE_PROFILE: Kind = {
  group: "linkerd.io",
  kind: "ServiceProfile",
  plural: "serviceprofiles",
  shortNames: ["sp"],
  versions: [
    { name: "v1alpha1", spec: fields({ ...PROFILE, "routes!": list(PROFILE_ROUTE) }) },
    { name: "v1alpha2", spec: fields({ ...PROFILE, routes: list(PROFILE_ROUTE) }) },
  ],
};

const MESH_TLS = fields({ "identity!": TEXT, "serverName!": TEXT });
const WORKLOAD = {
  ports: list(fields({ name: TEXT, "port!": PORT, protocol: withDefault(TEXT, "TCP") })),
  workloadIPs: list(fields({ ip: TEXT })),
};
const workloadVersion = (name: string, tls: string): Kind["versions"][number] => ({
  name,
  spec: fields({ [`${tls}!`]: MESH_TLS, ...WORKLOAD }) satisfies Schema,
  columns: { Identity: `.spec.${tls}.identity`, Age: ".metadata.creationTimestamp" },
});

const EXTERNAL_WORKLOAD: Kind = {
  group: "workload.linkerd.io",
  kind: "ExternalWorkload",
  plural: "externalworkloads",
  status: fields({ conditions: CONDITIONS }),
  versions: [workloadVersion("v1alpha1", "meshTls"), workloadVersion("v1beta1", "meshTLS")],
};

/** The definitions, to be applied before anything else, marked as those of the control plane in a namespace. */
export function renderCrds(namespace: string): KubeObject[] {
  return [...POLICY_KINDS, HTTP_ROUTE, SERVICE_PROFILE, EXTERNAL_WORKLOAD].map((kind) =>
    customResource(kind, { [CONTROL_PLANE_NS]: namespace }),
  );
}
