/** What the names that scenarios ask for mean: addresses of Services, of pods, and of what is outside of the cluster. */

import { familyOf, type IpFamily, isIpv6 } from "#lib/addr/ip.ts";
import { formatSocketAddr } from "#lib/addr/socket-addr.ts";
import type { Ask } from "./curl.ts";
import { outsideAddress } from "./outside.ts";
import type { Pods } from "./pods.ts";
import type { Backend, Caller } from "./workloads.ts";

/** Of the addresses of a name it takes that of one family. */
export class Names {
  /** By which what has addresses of both is asked; of the cluster's. */
  family: IpFamily;
  /** So many addresses of it were asked for. */
  count = 0;
  readonly #pods: Pods;

  constructor(family: IpFamily, pods: Pods) {
    this.family = family;
    this.#pods = pods;
  }

  /** The address that a name means: a Service's of the cluster or one outside of it; else the name itself. */
  async addressOf(name: string): Promise<string> {
    const [service = "", namespace = "", svc] = name.split(".");
    if (svc === "svc") return this.#oneOf(await this.#pods.serviceAddresses(service, namespace));
    const outside = outsideAddress(name, this.family);
    return outside === undefined ? name : this.#oneOf([outside]);
  }

  /** A pod's own address. */
  async pod(instance: Caller | Backend): Promise<string> {
    return this.#oneOf(await this.#pods.addresses(instance));
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

  #oneOf(addresses: readonly string[]): string {
    const found = addresses.find((each) => familyOf(each) === this.family);
    if (found !== undefined) this.count += 1;
    return found ?? addresses[0] ?? "";
  }
}
