/** Destinations that one connection's requests name, in use while it is there. */

import { parseAuthority } from "#lib/addr/authority.ts";
import { isDnsName } from "#lib/addr/dns-name.ts";
import { normalizeIp } from "#lib/addr/ip.ts";
import type { ServiceName } from "../policy/discover.ts";
import type { Destination, Destinations } from "./discover.ts";

const DEFAULT_PORT = 80;

/** Names that a connection keeps in use at most; those used last stay. */
const KEPT_NAMES = 64;

/** A name with its port; undefined for an address, and what is neither. */
export function nameOf(text: string): ServiceName | undefined {
  const { host = "", port = DEFAULT_PORT } = parseAuthority(text) ?? {};
  return isDnsName(host) && normalizeIp(host) === undefined ? { host, port } : undefined;
}

/** Takes destinations into use by name, for one connection. */
export class NamedDestinations {
  readonly #destinations: Destinations;
  /** Those used last at the end. */
  readonly #known = new Map<string, Destination>();

  constructor(destinations: Destinations) {
    this.#destinations = destinations;
  }

  /** The destination of a name; undefined where too many names are in use. */
  find(name: ServiceName): Destination | undefined {
    const key = `${name.host}:${name.port}`;
    const found = this.#known.get(key) ?? this.#destinations.acquireNamed(name);
    if (found === undefined) return undefined;
    this.#known.delete(key);
    this.#known.set(key, found);
    const [oldest] = this.#known;
    if (this.#known.size > KEPT_NAMES && oldest !== undefined) {
      this.#known.delete(oldest[0]);
      this.#destinations.release(oldest[1]);
    }
    return found;
  }

  /** The connection is gone. */
  release(): void {
    for (const each of this.#known.values()) this.#destinations.release(each);
    this.#known.clear();
  }
}
