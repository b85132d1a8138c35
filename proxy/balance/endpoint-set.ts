/** The endpoints of a destination, coming and going as discovery tells. */

import { formatSocketAddr } from "#lib/addr/socket-addr.ts";
import type { Endpoint, EndpointUpdate } from "../policy/client-policy.ts";

/** Keeps one member for each address; `create` and `retire` follow members in and out. */
export class EndpointSet<M> {
  readonly #create: (endpoint: Endpoint) => M;
  readonly #retire: (member: M) => void;
  readonly #members = new Map<string, { readonly endpoint: Endpoint; readonly member: M }>();
  #list: readonly M[] = [];
  #known = false;
  #changes = 0;

  constructor(create: (endpoint: Endpoint) => M, retire: (member: M) => void) {
    this.#create = create;
    this.#retire = retire;
  }

  /** The members now, in no order that means anything. */
  get members(): readonly M[] {
    return this.#list;
  }

  /** Whether discovery has answered at all. */
  get known(): boolean {
    return this.#known;
  }

  /**
   * Takes in an update; how many members came or went. A member whose endpoint is said again unchanged is kept with its
   * connections.
   */
  apply(update: EndpointUpdate): number {
    this.#known = true;
    this.#changes = 0;
    switch (update.type) {
      case "set":
        this.#keepOnly(update.endpoints);
        for (const endpoint of update.endpoints) this.#put(endpoint);
        break;
      case "add":
        for (const endpoint of update.endpoints) this.#put(endpoint);
        break;
      case "remove":
        for (const addr of update.addrs) this.#drop(formatSocketAddr(addr));
        break;
      case "no-endpoints":
        for (const key of [...this.#members.keys()]) this.#drop(key);
        break;
    }
    this.#list = [...this.#members.values()].map(({ member }) => member);
    return this.#changes;
  }

  #keepOnly(endpoints: readonly Endpoint[]): void {
    const kept = new Set(endpoints.map(({ addr }) => formatSocketAddr(addr)));
    for (const key of [...this.#members.keys()]) if (!kept.has(key)) this.#drop(key);
  }

  #put(endpoint: Endpoint): void {
    const key = formatSocketAddr(endpoint.addr);
    const known = this.#members.get(key);
    if (known !== undefined && sameEndpoint(known.endpoint, endpoint)) return;
    if (known !== undefined) this.#retire(known.member);
    this.#members.set(key, { endpoint, member: this.#create(endpoint) });
    this.#changes++;
  }

  #drop(key: string): void {
    const known = this.#members.get(key);
    if (known === undefined) return;
    this.#members.delete(key);
    this.#changes++;
    this.#retire(known.member);
  }
}

/** Whether two endpoints say the same; they are plain values, so their text tells. */
function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
