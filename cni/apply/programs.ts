/** Tier 1: the kernel programs at the pods' cgroup, and what each pod has of its own. */

import { mkdirSync, readdirSync, rmdirSync, statSync, unlinkSync } from "node:fs";
import { closeAll, getObject, linkNetns } from "#lib/sys/bpf.ts";
import { close } from "#lib/sys/libc.ts";
import { netnsCookie } from "#lib/sys/netns.ts";
import { attach, detach } from "../../bpf/attach.ts";
import { loadCollection } from "../../bpf/collection.ts";
import { podKey } from "../../bpf/layout.ts";
import { readObject } from "../../bpf/objects.ts";
import { RedirectMaps } from "../../bpf/redirect.ts";
import { type PodSurroundings, planEntries } from "../redirect/ebpf.ts";
import type { RedirectPlan } from "../redirect/plan.ts";
import type { PodPlace, Redirection } from "./redirection.ts";

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
  #attachedAt = "";

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
    const { pods, kubelet } = this.#place;
    mkdirSync(this.#pins, { recursive: true, mode: 0o700 });
    const loaded = loadCollection(this.#mesh, { pins: this.#pins });
    try {
      for (const program of loaded) {
        const at = program.name === KUBELET ? kubelet : pods;
        if (at !== undefined) attach(program, at, `${this.#pins}/l_${program.name}`);
      }
    } finally {
      closeAll(loaded.map(({ fd }) => fd));
    }
    this.#attachedAt = this.#cgroups();
  }

  /** Loads again where a cgroup was made anew since; whether it had to. */
  refresh(): boolean {
    if (this.#attachedAt === "" || this.#attachedAt === this.#cgroups()) return false;
    this.load();
    return true;
  }

  add(netns: string, plan: RedirectPlan, surroundings: PodSurroundings): PodPlace {
    const cookie = netnsCookie(netns);
    const place = { netns, cookie };
    try {
      this.#maps((maps) => {
        if (maps === undefined) throw new Error(`Cannot open maps: ${this.#pins} has none`);
        maps.write(cookie, planEntries(plan, surroundings));
      });
      const loaded = loadCollection(this.#inbound, {
        pins: this.#pins,
        rodata: podKey(cookie),
      });
      try {
        for (const program of loaded) attach(program, netns, this.#pin(cookie));
      } finally {
        closeAll(loaded.map(({ fd }) => fd));
      }
      return place;
    } catch (error) {
      this.remove(place);
      throw error;
    }
  }

  remove({ cookie }: PodPlace): void {
    if (cookie === undefined) return;
    detach(this.#pin(cookie));
    this.#maps((maps) => maps?.delete(cookie));
  }

  check({ cookie, netns }: PodPlace): string | undefined {
    if (cookie === undefined) return `${netns} has no cookie on record`;
    if (!this.#maps((maps) => maps?.has(cookie))) return `${netns} has no entry in the map of pods`;
    if (!isAttached(this.#pin(cookie))) return `${netns} has no inbound program`;
    const lost = this.#mesh.programs.filter(
      ({ name }) => name !== KUBELET && !isPinned(`${this.#pins}/l_${name}`),
    );
    return lost.length === 0 ? undefined : `program ${lost[0]?.name} is not attached`;
  }

  /** Removes the pods whose namespace is gone, but for those named. Their cookies. */
  collect(keep: ReadonlySet<bigint>): bigint[] {
    const known = this.#maps((maps) => maps?.cookies() ?? []);
    const pinned = listed(this.#pins)
      .filter((name) => name.startsWith(POD_PIN))
      .map((name) => BigInt(name.slice(POD_PIN.length)));
    const gone = [...new Set([...known, ...pinned])].filter(
      (cookie) => !(keep.has(cookie) || isAttached(this.#pin(cookie))),
    );
    for (const cookie of gone) this.remove({ netns: "", cookie });
    return gone;
  }

  /** Which cgroups stand at our paths. */
  #cgroups(): string {
    const { pods, kubelet } = this.#place;
    return [pods, kubelet]
      .map((path) => path && statSync(path, { throwIfNoEntry: false })?.ino)
      .join();
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

function isAttached(pin: string): boolean {
  const link = getObject(pin);
  if (link === undefined) return false;
  try {
    return linkNetns(link) !== 0;
  } finally {
    close(link);
  }
}
