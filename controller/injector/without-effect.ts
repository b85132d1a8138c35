/** Annotations that change nothing here, and why: whoever sets one is told. */

import { CONFIG, type Marks } from "#lib/k8s/annotations.ts";
import type { MarkReader } from "./mark-reader.ts";

/** Why a setting has no effect, by its name; a function says it of some values only. */
const REASONS: Readonly<Record<string, string>> = {
  "pod-inbound-ports": "the ports are those of the pod's spec",
  "proxy-cpu-ratio-limit": "a proxy has one worker in this version",
  "close-wait-timeout": "no init container sets what is the whole node's",
  "enable-debug-sidecar": "kubectl debug adds a container to a running pod",
  "debug-image": "there is no debug sidecar",
  "debug-image-version": "there is no debug sidecar",
  "debug-image-pull-policy": "there is no debug sidecar",
  "enable-gateway": "there are no multicluster gateways in this version",
  "enable-external-profiles": "names outside of the cluster have no ServiceProfiles",
};
/** What is asked for by saying no to it is as it is wished. */
const SATISFIED = /^(false|disabled|off)$/;

/** Settings that are read elsewhere; a name that is in neither list is a mistake in writing. */
const READ: readonly string[] = [
  "default-inbound-policy",
  "opaque-ports",
  "skip-inbound-ports",
  "skip-outbound-ports",
  "skip-subnets",
  "inbound-port",
  "outbound-port",
  "admin-port",
  "control-port",
  "proxy-image",
  "proxy-version",
  "image-pull-policy",
  "proxy-cpu-request",
  "proxy-cpu-limit",
  "proxy-memory-request",
  "proxy-memory-limit",
  "proxy-ephemeral-storage-request",
  "proxy-ephemeral-storage-limit",
  "proxy-uid",
  "proxy-gid",
  "proxy-log-level",
  "proxy-log-format",
  "proxy-log-http-headers",
  "access-log",
  "proxy-outbound-connect-timeout",
  "proxy-inbound-connect-timeout",
  "proxy-outbound-discovery-cache-unused-timeout",
  "proxy-inbound-discovery-cache-unused-timeout",
  "proxy-disable-outbound-protocol-detect-timeout",
  "proxy-disable-inbound-protocol-detect-timeout",
  "proxy-require-identity-inbound-ports",
  "proxy-await",
  "proxy-admin-shutdown",
  "shutdown-grace-period",
  "proxy-enable-native-sidecar",
  "proxy-metrics-hostname-labels",
  "proxy-additional-env",
];

/** The names of all settings, each with the reason why it has no effect, or none. */
export const SETTING_NAMES: readonly string[] = [...READ, ...Object.keys(REASONS)];

/** Tells of settings that have no effect, and of names that nobody knows. */
export function tellWithoutEffect(
  reader: MarkReader,
  from: { readonly pod: Marks; readonly namespace: Marks },
): void {
  for (const [name, reason] of Object.entries(REASONS)) {
    const value = reader.raw(CONFIG + name);
    if (value !== undefined && !SATISFIED.test(value))
      reader.warn(`annotation ${CONFIG}${name} has no effect: ${reason}`);
  }
  if (reader.raw(`${CONFIG}proxy-log-http-headers`) === "insecure")
    reader.warn(`annotation ${CONFIG}proxy-log-http-headers has no effect: headers are not logged`);
  const keys = new Set([...Object.keys(from.pod ?? {}), ...Object.keys(from.namespace ?? {})]);
  for (const key of keys)
    if (key.startsWith(CONFIG) && !SETTING_NAMES.includes(key.slice(CONFIG.length)))
      reader.warn(`annotation ${key.slice(0, CONFIG.length + 63)} is not known`);
}
