/** The variables that a proxy cannot start without. */

import { PREFIX } from "../../proxy/config/env-reader.ts";

/** Names without their prefix. */
const MINIMAL: Readonly<Record<string, string>> = {
  DESTINATION_SVC_ADDR: "linkerd-dst-headless.linkerd.svc.cluster.local.:8086",
  DESTINATION_SVC_NAME: "linkerd-destination.linkerd.serviceaccount.identity.linkerd.cluster.local",
  POLICY_SVC_ADDR: "localhost.:8090",
  POLICY_WORKLOAD: '{"ns":"a","pod":"b"}\n',
  IDENTITY_SVC_ADDR: "127.0.0.1:8080",
  IDENTITY_DIR: "/var/run/linkerd/identity/end-entity",
  IDENTITY_TRUST_ANCHORS: "PEM",
  IDENTITY_TOKEN_FILE: "/token",
  IDENTITY_LOCAL_NAME: "web.a.serviceaccount.identity.linkerd.cluster.local",
};

/** Them, with others over them; what is undefined is not set. Names are given without the prefix. */
export function proxyVariables(
  over: Readonly<Record<string, string | undefined>> = {},
): Record<string, string | undefined> {
  const given = Object.entries({ ...MINIMAL, ...over });
  return Object.fromEntries(given.map(([name, value]) => [PREFIX + name, value]));
}
