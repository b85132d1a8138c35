/** HTTPRoute.policy.linkerd.io: the Gateway API's route of the time when Linkerd took it over. */

import type { Kind, Version } from "./crd.ts";
import {
  CONDITIONS,
  fields,
  INTEGER,
  list,
  oneOf,
  PORT,
  type Schema,
  TEXT,
  withDefault,
} from "./schema.ts";

const PARENT_FIELDS = {
  group: withDefault(TEXT, "policy.linkerd.io"),
  kind: withDefault(TEXT, "Gateway"),
  "name!": TEXT,
  namespace: TEXT,
  port: PORT,
  sectionName: TEXT,
};
const PARENT = fields(PARENT_FIELDS);

const HEADERS = list(fields({ "name!": TEXT, "value!": TEXT }));
const HEADER_MODIFIER = fields({ add: HEADERS, remove: list(TEXT), set: HEADERS });
const REDIRECT = fields({
  hostname: TEXT,
  path: fields({
    replaceFullPath: TEXT,
    replacePrefixMatch: TEXT,
    "type!": oneOf("ReplaceFullPath", "ReplacePrefixMatch"),
  }),
  port: PORT,
  scheme: oneOf("http", "https"),
  statusCode: withDefault(oneOf(301, 302), 302),
});
const FILTER = fields({
  requestHeaderModifier: HEADER_MODIFIER,
  requestRedirect: REDIRECT,
  "type!": oneOf("RequestHeaderModifier", "RequestRedirect"),
});
const BACKEND_FILTER = fields({
  requestHeaderModifier: HEADER_MODIFIER,
  requestRedirect: REDIRECT,
  responseHeaderModifier: HEADER_MODIFIER,
  "type!": oneOf("RequestHeaderModifier", "ResponseHeaderModifier", "RequestRedirect"),
});

const NAMED_MATCH = list(
  fields({
    "name!": TEXT,
    type: withDefault(oneOf("Exact", "RegularExpression"), "Exact"),
    "value!": TEXT,
  }),
);
const MATCH = fields({
  headers: NAMED_MATCH,
  method: oneOf("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"),
  path: fields({
    type: withDefault(oneOf("Exact", "PathPrefix", "RegularExpression"), "PathPrefix"),
    value: withDefault(TEXT, "/"),
  }),
  queryParams: NAMED_MATCH,
});

const BACKEND = { "name!": TEXT, namespace: TEXT, port: PORT };
const WEIGHTED_BACKEND = fields({
  group: withDefault(TEXT, ""),
  kind: withDefault(TEXT, "Service"),
  ...BACKEND,
  weight: withDefault({ ...INTEGER, minimum: 0, maximum: 1_000_000 }, 1),
  filters: list(BACKEND_FILTER),
});
const TIMEOUTS = fields({ backendRequest: TEXT, request: TEXT });

function spec(rule: Readonly<Record<string, Schema>>): Schema {
  const rules = list(fields({ filters: list(FILTER), matches: list(MATCH), ...rule }));
  return fields({ hostnames: list(TEXT), parentRefs: list(PARENT), rules });
}

const version = (name: string, rule: Readonly<Record<string, Schema>>): Version => ({
  name,
  spec: spec(rule),
  columns: { Hostnames: ".spec.hostnames", Age: ".metadata.creationTimestamp" },
});

/** Four versions: backends got weights in v1beta2, rules got timeouts in v1beta3. */
export const HTTP_ROUTE: Kind = {
  group: "policy.linkerd.io",
  kind: "HTTPRoute",
  plural: "httproutes",
  status: fields({
    "parents!": list(
      fields({ conditions: CONDITIONS, "controllerName!": TEXT, "parentRef!": PARENT }),
    ),
  }),
  versions: [
    version("v1alpha1", { backendRefs: list(fields(BACKEND)) }),
    version("v1beta1", { backendRefs: list(fields(BACKEND)) }),
    version("v1beta2", { backendRefs: list(WEIGHTED_BACKEND) }),
    version("v1beta3", { backendRefs: list(WEIGHTED_BACKEND), timeouts: TIMEOUTS }),
  ],
};
