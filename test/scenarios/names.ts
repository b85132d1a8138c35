/** What the names that scenarios ask for mean: addresses of Services, of pods, and of what is outside of the cluster. */

import { type IpFamily, isIpv6 } from "#lib/addr/ip.ts";
import { formatSocketAddr } from "#lib/addr/socket-addr.ts";
import type { Asked } from "./asked.ts";
import type { Ask } from "./curl.ts";
import { outsideAddress } from "./outside.ts";
import type { Pods } from "./pods.ts";
import type { Backend, Caller } from "./workloads.ts";

/** Where a name has addresses of two families it means one and the other by turns. */
export class Names {
  /** Of the cluster. */
  readonly families: readonly IpFamily[];
  readonly #pods: Pods;
  readonly #asked: Asked;

  constructor(
    families: readonly IpFamily[],
    { pods, asked }: { readonly pods: Pods; readonly asked: Asked },
  ) {
    this.families = families;
    this.#pods = pods;
    this.#asked = asked;
  }

  /** The address that a name means: a Service's of the cluster or one outside of it; else the name itself. */
  async addressOf(name: string): Promise<string> {
    const [service = "", namespace = "", svc] = name.split(".");
    if (svc === "svc")
      return this.#asked.oneOf(await this.#pods.serviceAddresses(service, namespace));
    const outside = this.families.flatMap((family) => outsideAddress(name, family) ?? []);
    return outside.length > 0 ? this.#asked.oneOf(outside) : name;
  }

  /** A pod's own address. */
  async pod(instance: Caller | Backend): Promise<string> {
    return this.#asked.oneOf(await this.#pods.addresses(instance));
  }

  /** Where a port of a pod is asked by its own address. */
  async podUrl(instance: Caller | Backend, port: number): Promise<string> {
    return `http://${formatSocketAddr({ ip: await this.pod(instance), port })}/`;
  }

  /** A name and a port as an address and a port. */
  async dialled(address: string): Promise<string> {
    const [name = "", port = ""] = address.split(":");
    return formatSocketAddr({ ip: await this.addressOf(name), port: Number(port) });
  }

  /** What curl is told of a name, as the programs run in a pod's network and with this machine's resolver. */
  async resolve(url: string, { address }: Pick<Ask, "address">): Promise<string[]> {
    const { hostname, port, protocol } = new URL(url);
    const ip = address ?? (await this.addressOf(hostname));
    if (ip === hostname) return [];
    const to = isIpv6(ip) ? `[${ip}]` : ip;
    return ["--resolve", `${hostname}:${port || (protocol === "https:" ? 443 : 80)}:${to}`];
  }
}
