/** Names of destinations as proxies ask for them (DST1, OUT1). */

/** A Service's port, or one endpoint of it by hostname. */
export type ServicePath = {
  readonly name: string;
  readonly namespace: string;
  readonly instance: string | undefined;
  readonly port: number;
};

/** The port of what is asked for without one. */
export const DEFAULT_PORT = 80;
const PORT_MAX = 0xffff;

/** Reads `[instance.]svc.ns.svc.<domain>[:port]`; `trailingDot` allows one. Undefined for every other form. */
export function parseServicePath(
  path: string,
  how: { readonly clusterDomain: string; readonly trailingDot: boolean },
): ServicePath | undefined {
  const [, host = "", digits] = /^([^:]+)(?::(\d{1,5}))?$/.exec(path) ?? [];
  const port = digits === undefined ? DEFAULT_PORT : Number(digits);
  if (port < 1 || port > PORT_MAX) return undefined;
  const name = how.trailingDot ? host.replace(/\.$/, "") : host;
  const suffix = `.svc.${how.clusterDomain}`;
  if (!name.endsWith(suffix)) return undefined;
  const labels = name.slice(0, -suffix.length).split(".");
  if (labels.length < 2 || labels.length > 3 || labels.includes("")) return undefined;
  const [service = "", namespace = ""] = labels.slice(-2);
  const instance = labels.length === 3 ? labels[0] : undefined;
  return { name: service, namespace, instance, port };
}
