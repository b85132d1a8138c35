/** Tier 1: the kernel programs at the pods' cgroup, and what each pod has of its own. */

import { existsSync, mkdirSync, readdirSync, rmdirSync, unlinkSync } from "node:fs";
import { closeAll, getObject, linkTarget } from "#lib/sys/bpf.ts";
import { close } from "#lib/sys/libc.ts";
import { isListenedOn } from "#lib/sys/listening-port.ts";
import { inNetns, netnsCookie } from "#lib/sys/netns.ts";
import { attach, detach, isAttachedAt } from "../../bpf/attach.ts";
import { loadCollection, MAPS } from "../../bpf/collection.ts";
import type { ProgramSpec } from "../../bpf/elf.ts";
import { podKey } from "../../bpf/layout.ts";
import { readObject } from "../../bpf/objects.ts";
import { forgetProbes, RedirectMaps } from "../../bpf/redirect.ts";
import { type PodSurroundings, planEntries } from "../redirect/ebpf.ts";
import type { RedirectPlan } from "../redirect/plan.ts";
import type { Asks, PodPlace, Redirection } from "./redirection.ts";

/** The layout of the maps; another one gets another folder of pins. */
const VERSION = "v1";
const POD_PIN = "in_";
const KUBELET = "kubelet";

/** The folder of our pins in a bpffs. */
export function pinsBelow(bpfRoot: string): string {
  return `${bpfRoot}/bunkerd/${VERSION}`;
}

/** Where the programs go. */
export interface ProgramsPlace {
  readonly bpfRoot: string;
  /** The parent cgroup of all pods. */
  readonly pods: string;
  /** The kubelet's own cgroup, where it has one. */
  readonly kubelet: string | undefined;
}

/** The programs of a node. They and all that is pinned outlive this process. */
export class Programs implements Redirection {
  readonly kind = "ebpf";
  readonly #place: ProgramsPlace;
  readonly #pins: string;
  readonly #inbound = readObject("inbound");
  readonly #mesh = readObject("mesh");
  /** The pods whose entries, or whose program's maps, may be those of a map that was lost. */
  readonly #stale = new Set<bigint>();
  #isLoaded = false;

  /** Nothing is loaded yet: what an earlier agent left can be removed. */
  constructor(place: ProgramsPlace) {
    this.#place = place;
    this.#pins = pinsBelow(place.bpfRoot);
  }

  /**
   * Loads and attaches, or replaces in place what an earlier agent attached; what lost its cgroup, as the kubelet's
   * does when it restarts, is attached anew. Throws what the kernel refuses.
   */
  load(): void {
    mkdirSync(this.#pins, { recursive: true, mode: 0o700 });
    // A map that is made anew is empty, and the pods' own programs go on with the lost one until each is added again.
    if (this.#missingMap() !== undefined)
      for (const cookie of this.#pinned()) this.#stale.add(cookie);
    const loaded = loadCollection(this.#mesh, { pins: this.#pins });
    try {
      for (const program of loaded) {
        const at = this.#cgroupOf(program.name);
        if (at !== undefined) attach(program, at, this.#programPin(program.name));
      }
    } finally {
      closeAll(loaded.map(({ fd }) => fd));
    }
    this.#isLoaded = true;
    // A program that is attached no longer did not see its probes end.
    forgetProbes(this.#pins);
  }

  /** Loads again where a program or a map is missing, or its cgroup was made anew since; whether it had to. */
  refresh(): boolean {
    if (!this.#isLoaded || (this.#missingProgram() ?? this.#missingMap()) === undefined)
      return false;
    this.load();
    return true;
  }

  add(at: PodPlace, plan: RedirectPlan, surroundings: PodSurroundings): PodPlace {
    const { netns } = at;
    const cookie = netnsCookie(netns);
    const pin = this.#pin(cookie);
    const had = { entry: this.#maps((maps) => maps?.has(cookie)), program: isPinned(pin) };
    try {
      const slot = this.#maps((maps) => {
        if (maps === undefined) throw new Error(`Cannot open maps: ${this.#pins} has none`);
        return maps.write(cookie, planEntries(plan, surroundings), at.slot);
      });
      this.#attachInbound(netns, cookie);
      this.#stale.delete(cookie);
      return { netns, cookie, slot };
    } catch (error) {
      // A repair that fails must not take what the pod still has: without its entry nothing is redirected.
      if (!had.program) detach(pin);
      if (!had.entry) this.#maps((maps) => maps?.delete(cookie));
      throw error;
    }
  }

  remove({ cookie }: PodPlace): void {
    if (cookie === undefined) return;
    detach(this.#pin(cookie));
    this.#maps((maps) => maps?.delete(cookie));
    this.#stale.delete(cookie);
  }

  check({ cookie, netns }: PodPlace, plan: RedirectPlan, asks?: Asks): string | undefined {
    if (cookie === undefined) return `${netns} has no cookie on record`;
    if (!this.#maps((maps) => maps?.has(cookie))) return `${netns} has no entry in the map of pods`;
    if (this.#stale.has(cookie)) return `${netns} has entries in a map that is lost`;
    if (!isAttached(this.#pin(cookie))) return `${netns} has no inbound program`;
    const lost = this.#missingProgram(({ name }) => name !== KUBELET);
    if (lost !== undefined) return `program ${lost} is not attached`;
    // Looked at once more after: a proxy may have begun to listen in between.
    const isUnknown = (): boolean => !this.#maps((maps) => maps?.hasListener(cookie));
    return isUnknown() && existsSync(netns) && listens(netns, plan, asks) && isUnknown()
      ? `the proxy of ${netns} listens, but not in the map of listeners`
      : undefined;
  }

  /** Removes the pods whose namespace is gone, but for those named. Their cookies. */
  collect(keep: ReadonlySet<bigint>): bigint[] {
    const known = this.#maps((maps) => maps?.cookies() ?? []);
    const gone = [...new Set([...known, ...this.#pinned()])].filter(
      (cookie) => !(keep.has(cookie) || isAttached(this.#pin(cookie))),
    );
    for (const cookie of gone) this.remove({ netns: "", cookie });
    return gone;
  }

  /** The cookies of all pods that have a program. */
  #pinned(): bigint[] {
    return listed(this.#pins)
      .filter((name) => name.startsWith(POD_PIN))
      .map((name) => BigInt(name.slice(POD_PIN.length)));
  }

  /** A program that is not where it should be. */
  #missingProgram(counts: (program: ProgramSpec) => boolean = () => true): string | undefined {
    return this.#mesh.programs.filter(counts).find(({ name }) => {
      const at = this.#cgroupOf(name);
      return at !== undefined && !isAttachedAt(this.#programPin(name), at);
    })?.name;
  }

  #missingMap(): string | undefined {
    return Object.keys(MAPS).find((name) => !isPinned(`${this.#pins}/m_${name}`));
  }

  /** Where a program belongs; undefined for the kubelet's while there is no kubelet. */
  #cgroupOf(program: string): string | undefined {
    const { pods, kubelet } = this.#place;
    if (program !== KUBELET) return pods;
    return kubelet !== undefined && existsSync(kubelet) ? kubelet : undefined;
  }

  #attachInbound(netns: string, cookie: bigint): void {
    const loaded = loadCollection(this.#inbound, { pins: this.#pins, rodata: podKey(cookie) });
    try {
      for (const program of loaded) attach(program, netns, this.#pin(cookie));
    } finally {
      closeAll(loaded.map(({ fd }) => fd));
    }
  }

  #programPin(name: string): string {
    return `${this.#pins}/l_${name}`;
  }

  #pin(cookie: bigint): string {
    return `${this.#pins}/${POD_PIN}${cookie}`;
  }

  #maps<R>(work: (maps: RedirectMaps | undefined) => R): R {
    const maps = RedirectMaps.open(this.#pins);
    try {
      return work(maps);
    } finally {
      maps?.close();
    }
  }
}

/** Detaches everything of ours in a bpffs and removes the pins; needs no agent. */
export function unloadPrograms(bpfRoot: string): void {
  const pins = pinsBelow(bpfRoot);
  const names = listed(pins);
  for (const name of names)
    if (name.startsWith("m_")) unlinkSync(`${pins}/${name}`);
    else detach(`${pins}/${name}`);
  for (const folder of [pins, `${bpfRoot}/bunkerd`])
    if (listed(folder).length === 0) removeFolder(folder);
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function removeFolder(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    if ((error as { readonly code?: string }).code !== "ENOENT") throw error;
  }
}

function isPinned(pin: string): boolean {
  const fd = getObject(pin);
  if (fd !== undefined) close(fd);
  return fd !== undefined;
}

/** False where the kernel does not tell: a pod is moved to tier 2 for good, so only by what was seen. */
function listens(netns: string, { uid, inboundPort }: RedirectPlan, asks?: Asks): boolean {
  if (asks !== undefined && asks.left <= 0) return false;
  const found = inNetns(netns, () => isListenedOn(inboundPort, { uid, untold: false }));
  if (asks !== undefined && !found) asks.left--;
  return found;
}

function isAttached(pin: string): boolean {
  const link = getObject(pin);
  if (link === undefined) return false;
  try {
    return linkTarget(link) !== 0n;
  } finally {
    close(link);
  }
}
