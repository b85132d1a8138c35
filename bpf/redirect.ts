/** Typed handles over the pinned maps: which pods are redirected, and what is left alone. */

import {
  closeAll,
  deleteElement,
  getObject,
  keysOf,
  lookupElement,
  updateElement,
} from "#lib/sys/bpf.ts";
import { SysError } from "#lib/sys/libc.ts";
import {
  LAYOUT,
  networkKey,
  type PodConfig,
  type PortRange,
  podConfig,
  podKey,
  portKeys,
  readCookie,
  readSlot,
  type SkippedNetwork,
} from "./layout.ts";

/** Pods of one node; each has two of the 8192 places in the map of listeners. */
export const POD_LIMIT: number = 4096;

/** A pod's redirection as the maps hold it; the slot is given by the maps. */
export interface PodRedirect extends Omit<PodConfig, "slot"> {
  readonly skipPorts: readonly PortRange[];
  readonly skipNetworks: readonly SkippedNetwork[];
}

const NAMES = ["pods", "skip_ports", "skip_cidr", "listeners"] as const;
const YES = new Uint8Array([1]);

/** The maps that user space fills. Close it when done. */
export class RedirectMaps {
  readonly #pods: number;
  readonly #ports: number;
  readonly #networks: number;
  readonly #listeners: number;

  private constructor(fds: readonly [number, number, number, number]) {
    [this.#pods, this.#ports, this.#networks, this.#listeners] = fds;
  }

  /** Opens the maps pinned in a folder; undefined where they are not (all) there. */
  static open(pins: string): RedirectMaps | undefined {
    const fds = NAMES.map((name) => getObject(`${pins}/m_${name}`));
    const there = fds.filter((fd) => fd !== undefined);
    const [pods, ports, networks, listeners] = there;
    if (pods !== undefined && ports !== undefined && networks !== undefined)
      if (listeners !== undefined) return new RedirectMaps([pods, ports, networks, listeners]);
    closeAll(there);
    return undefined;
  }

  close(): void {
    closeAll([this.#pods, this.#ports, this.#networks, this.#listeners]);
  }

  /**
   * Writes a pod's entries, or replaces them; its slot, which is the one it had, or `known` from an entry that was
   * lost, where nobody has taken that. Throws where the node is full, or the kernel refuses.
   */
  write(cookie: bigint, redirect: PodRedirect, known?: number): number {
    const old = this.#slotOf(cookie);
    const slot = old ?? this.#freeSlot(known);
    // Only under the slot that it had are the listeners its own.
    if (old === undefined && slot !== known) this.#forgetListeners(slot);
    // What is left alone comes after the pod's entry and goes before it: a slot that is free has none.
    updateElement(this.#pods, podKey(cookie), podConfig({ ...redirect, slot }));
    const ports = redirect.skipPorts.flatMap((range) => portKeys(cookie, range));
    const networks = redirect.skipNetworks.map((network) => networkKey(slot, network));
    for (const key of ports) updateElement(this.#ports, key, YES);
    for (const key of networks) updateElement(this.#networks, key, YES);
    // A new pod's cookie has no ports from before.
    if (old !== undefined || known !== undefined) this.#purgePorts(cookie, ports);
    this.#purgeNetworks(slot, networks);
    return slot;
  }

  /** Deletes all entries of a pod; nothing happens where there are none. */
  delete(cookie: bigint): void {
    const slot = this.#slotOf(cookie);
    if (slot === undefined) return;
    this.#purgePorts(cookie);
    this.#purgeNetworks(slot);
    this.#forgetListeners(slot);
    deleteElement(this.#pods, podKey(cookie));
  }

  /** Whether a pod has its entry. */
  has(cookie: bigint): boolean {
    return this.#slotOf(cookie) !== undefined;
  }

  /** Whether connections to a pod are given to a listener of its proxy. */
  hasListener(cookie: bigint): boolean {
    const slot = this.#slotOf(cookie);
    return (
      slot !== undefined &&
      placesOf(slot).some((place) => lookupElement(this.#listeners, place, new Uint8Array(8)))
    );
  }

  /** The cookies of all pods. */
  cookies(): bigint[] {
    return keysOf(this.#pods, 8).map((key) => readCookie(key));
  }

  #slotOf(cookie: bigint): number | undefined {
    const config = new Uint8Array(LAYOUT.pod_cfg.size);
    return lookupElement(this.#pods, podKey(cookie), config) ? readSlot(config) : undefined;
  }

  #freeSlot(known = 0): number {
    const taken = new Set(this.cookies().map((cookie) => this.#slotOf(cookie)));
    if (!taken.has(known)) return known;
    for (let slot = 0; slot < POD_LIMIT; slot++) if (!taken.has(slot)) return slot;
    throw new Error(`Cannot redirect another pod: ${POD_LIMIT} are redirected on this node`);
  }

  /** A proxy that still listens must not be found by the next pod of its slot. */
  #forgetListeners(slot: number): void {
    for (const place of placesOf(slot))
      try {
        deleteElement(this.#listeners, place);
      } catch (error) {
        // What a map of sockets says of a place that holds none.
        if (!(error instanceof SysError && error.code === "EINVAL")) throw error;
      }
  }

  #purgePorts(cookie: bigint, keep: readonly Uint8Array[] = []): void {
    for (const key of without(keep, keysOf(this.#ports, LAYOUT.port_key.size)))
      if (readCookie(key, LAYOUT.port_key.netns) === cookie) deleteElement(this.#ports, key);
  }

  #purgeNetworks(slot: number, keep: readonly Uint8Array[] = []): void {
    for (const key of without(keep, keysOf(this.#networks, LAYOUT.cidr_key.size))) {
      const its = new DataView(key.buffer).getUint32(LAYOUT.cidr_key.slot, true);
      if (its === slot) deleteElement(this.#networks, key);
    }
  }
}

/** Those keys that are not to be kept. */
function without(keep: readonly Uint8Array[], keys: readonly Uint8Array[]): Uint8Array[] {
  const kept = new Set(keep.map((key) => key.toHex()));
  return keys.filter((key) => !kept.has(key.toHex()));
}

/** Where the listeners of a slot are: of IPv4, of IPv6. */
const placesOf = (slot: number): Uint8Array[] =>
  [0, 1].map((family) => new Uint8Array(Uint32Array.of(2 * slot + family).buffer));

/** Forgets the kubelet's connections: one that a pod is still to take meets the proxy instead. */
export function forgetProbes(pins: string): void {
  const map = getObject(`${pins}/m_probes`);
  if (map === undefined) return;
  try {
    for (const key of keysOf(map, LAYOUT.tuple.size)) deleteElement(map, key);
  } finally {
    closeAll([map]);
  }
}
