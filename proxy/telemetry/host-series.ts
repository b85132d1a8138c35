/** Series by what requests name as their host, where those are told apart (OUTBOUND_METRICS_HOSTNAME_LABELS, INBOUND_METRICS_AUTHORITY_LABELS). */

import { parseAuthority } from "#lib/addr/authority.ts";
import { DNS_NAME_LIMIT, isDnsName } from "#lib/addr/dns-name.ts";
import type { Labels } from "#lib/metrics/registry.ts";

/** Names whose series are at hand for a rule; others are looked up with each request. */
export const HOSTS_LIMIT = 1000;

/** Hands out series by host name. */
export class HostSeries<Series> {
  readonly #create: (authority: string) => Series;
  /** By what requests name, port and all. */
  readonly #byAuthority = new Map<string, Series>();
  /** Where names are not told apart. */
  readonly #one: Series | undefined;

  /** `create` is asked for the empty authority too: of requests that name none, and of all where `apart` is false. */
  constructor(create: (authority: string) => Series, apart: boolean) {
    this.#create = create;
    this.#one = apart ? undefined : create("");
  }

  /** The series of requests with this authority. */
  of(authority: string): Series {
    return this.#one ?? this.#byAuthority.get(authority) ?? this.#resolve(authority);
  }

  #resolve(authority: string): Series {
    const series = this.#create(authority);
    const [oldest] = this.#byAuthority.keys();
    if (oldest !== undefined && this.#byAuthority.size >= HOSTS_LIMIT)
      this.#byAuthority.delete(oldest);
    this.#byAuthority.set(authority, series);
    return series;
  }
}

/** The name of the host that an authority names, in lower case; empty where it is an address or no name. */
export function hostnameOf(authority: string): string {
  const host = authority
    .slice(authority.lastIndexOf("@") + 1)
    .replace(/:\d*$/, "")
    .toLowerCase();
  return isHost(host) ? host : "";
}

/** The last label of a name is not a number, as an address's is; a last dot may follow. */
function isHost(host: string): boolean {
  const name = host.endsWith(".") ? host.slice(0, -1) : host;
  return host.length <= DNS_NAME_LIMIT && isDnsName(name) && !/(?:^|\.)\d+$/.test(name);
}

/** The label `authority` of what names a service: with its port unless that is 80; none of an address and what is no name (LBL3). */
export function authorityLabel(authority: string): Labels {
  const hostname = hostnameOf(authority);
  if (hostname === "") return {};
  const port = parseAuthority(authority)?.port ?? HTTP_PORT;
  const host = port === HTTP_PORT && hostname.endsWith(".") ? hostname.slice(0, -1) : hostname;
  return { authority: port === HTTP_PORT ? host : `${host}:${port}` };
}

const HTTP_PORT = 80;
