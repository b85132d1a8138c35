/** The series of a route by host name, where they are told apart (OUTBOUND_METRICS_HOSTNAME_LABELS). */

import type { RequestSeries } from "./request-series.ts";

/** Names whose series a route has at hand; others are looked up with each request. */
export const HOSTS_LIMIT = 1000;

/** Hands out series by host name. */
export class HostSeries {
  readonly #create: (hostname: string) => RequestSeries;
  /** By what requests ask for, port and all. */
  readonly #byAuthority = new Map<string, RequestSeries>();
  /** Where names are not told apart. */
  readonly #one: RequestSeries | undefined;

  /** `create` is asked for the empty name too: of requests that name no host, and of all where `apart` is false. */
  constructor(create: (hostname: string) => RequestSeries, apart: boolean) {
    this.#create = create;
    this.#one = apart ? undefined : create("");
  }

  /** The series of requests with this authority. */
  of(authority: string): RequestSeries {
    return this.#one ?? this.#byAuthority.get(authority) ?? this.#resolve(authority);
  }

  #resolve(authority: string): RequestSeries {
    const series = this.#create(hostnameOf(authority));
    const [oldest] = this.#byAuthority.keys();
    if (oldest !== undefined && this.#byAuthority.size >= HOSTS_LIMIT)
      this.#byAuthority.delete(oldest);
    this.#byAuthority.set(authority, series);
    return series;
  }
}

/** RFC 1123 §2.1, with underscores; the last label is not a number, as an address's is. */
const NAME =
  /^(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*(?!\d+\.?$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.?$/;

/** The name of the host that an authority names, in lower case; empty where it is an address or no name. */
export function hostnameOf(authority: string): string {
  const host = authority
    .slice(authority.lastIndexOf("@") + 1)
    .replace(/:\d*$/, "")
    .toLowerCase();
  return NAME.test(host) ? host : "";
}
