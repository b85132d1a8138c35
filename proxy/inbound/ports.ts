/** The policy of each port of this workload, as last heard. */

import type { DefaultPolicyName } from "../policy/default-policy.ts";
import { defaultServerPolicy } from "../policy/default-policy.ts";
import type { ServerDiscovery, Watch } from "../policy/discover.ts";
import type { ServerPolicy } from "../policy/server-policy.ts";

/** What holds where nothing was heard. */
export interface PortDefaults {
  readonly defaultPolicy: DefaultPolicyName;
  readonly clusterNetworks: readonly string[];
  readonly opaquePorts: ReadonlySet<number>;
  readonly detectTimeoutMs: number;
}

/** At most so many ports beyond the declared ones are followed; others keep the default policy. */
export const FOLLOWED_PORTS_LIMIT = 256;

/** One port: its policy now. Connections keep this object and look again with each request. */
export interface PortPolicy {
  readonly port: number;
  current: ServerPolicy;
}

/** Follows the declared ports from the start, others from their first connection. */
export class Ports {
  readonly #discovery: ServerDiscovery;
  readonly #defaults: PortDefaults;
  readonly #ports = new Map<number, PortPolicy>();
  readonly #watches: Watch[] = [];

  constructor(discovery: ServerDiscovery, defaults: PortDefaults, declared: readonly number[]) {
    this.#discovery = discovery;
    this.#defaults = defaults;
    for (const port of declared) this.get(port);
  }

  get(port: number): PortPolicy {
    const known = this.#ports.get(port);
    if (known !== undefined) return known;
    const { defaultPolicy, clusterNetworks, opaquePorts, detectTimeoutMs } = this.#defaults;
    const how = { clusterNetworks, detectTimeoutMs, opaque: opaquePorts.has(port) };
    const policy: PortPolicy = { port, current: defaultServerPolicy(defaultPolicy, how) };
    if (this.#watches.length >= FOLLOWED_PORTS_LIMIT) return policy;
    this.#ports.set(port, policy);
    this.#watches.push(
      this.#discovery.watchPort(port, (heard) => {
        policy.current = heard;
      }),
    );
    return policy;
  }

  stop(): void {
    for (const watch of this.#watches.splice(0)) watch.cancel();
  }
}
