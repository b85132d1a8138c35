/** Does this node carry tier 1: every program is loaded and attached once, to a cgroup of our own, and taken away. */

import { mkdirSync, readdirSync, readFileSync, rmdirSync, statfsSync, unlinkSync } from "node:fs";
import { closeAll } from "#lib/sys/bpf.ts";
import { mount } from "#lib/sys/libc.ts";
import { attach, detach } from "./attach.ts";
import { loadCollection } from "./collection.ts";
import { readObject } from "./objects.ts";

/** File system types (linux/magic.h). */
const CGROUP2 = 0x63677270;
const BPFFS = 0xcafe4a11;

/** Where to try. */
export interface ProbePlace {
  /** The cgroup that the programs will be attached to. */
  readonly cgroup: string;
  /** A folder in a bpffs. */
  readonly bpfRoot: string;
}

/**
 * Mounts a bpffs at a folder that lies in none, where the mount reaches the host: else all pins, and with them all
 * redirection, would end with this container.
 */
export function provideBpffs(folder: string): void {
  if (wrongType(folder, BPFFS, "bpffs") !== undefined && isShared(folder))
    mount("bpf", folder, "mode=0700");
}

/** Whether mounts below a folder propagate (proc(5), mountinfo). */
function isShared(folder: string): boolean {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" - ", 1)[0]?.split(" ") ?? [])
    .map(([, , , , point = "", , ...optional]) => ({ point, optional }))
    .filter(({ point }) => `${folder}/`.startsWith(point === "/" ? "/" : `${point}/`));
  const nearest = mounts.reduce<(typeof mounts)[number] | undefined>(
    (best, each) => (each.point.length >= (best?.point.length ?? 0) ? each : best),
    undefined,
  );
  return nearest?.optional.some((field) => field.startsWith("shared:")) ?? false;
}

/** Why the node cannot carry tier 1, in one line; undefined where it can. Leaves nothing. */
export function probeTier1({ cgroup, bpfRoot }: ProbePlace): string | undefined {
  const wrong = wrongType(cgroup, CGROUP2, "cgroup2") ?? wrongType(bpfRoot, BPFFS, "bpffs");
  if (wrong !== undefined) return wrong;
  const name = `bunkerd-probe-${process.pid}`;
  const place = { scratch: `${cgroup}/${name}`, pins: `${bpfRoot}/${name}` };
  try {
    // What is left of one that was killed: in a container the next has its number again.
    clear(place);
    tryPrograms(place);
    return undefined;
  } catch (error) {
    return firstLine(error);
  } finally {
    clear(place);
  }
}

const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split("\n", 1)[0] ?? "";

function wrongType(path: string, type: number, name: string): string | undefined {
  try {
    // f_type is a signed long on some machines: only its low 32 bits count.
    return statfsSync(path).type >>> 0 === type ? undefined : `${path} is no ${name}`;
  } catch (error) {
    return firstLine(error);
  }
}

function tryPrograms({ scratch, pins }: { scratch: string; pins: string }): void {
  mkdirSync(scratch);
  mkdirSync(pins, { mode: 0o700 });
  const mesh = loadCollection(readObject("mesh"), { pins });
  const fds = mesh.map(({ fd }) => fd);
  try {
    for (const program of mesh) attach(program, scratch, `${pins}/l_${program.name}`);
    // Cookie 0 is nobody's, so that this one lets everything in our own namespace pass.
    const inbound = loadCollection(readObject("inbound"), { pins, rodata: new Uint8Array(8) });
    fds.push(...inbound.map(({ fd }) => fd));
    for (const program of inbound)
      attach(program, "/proc/thread-self/ns/net", `${pins}/l_${program.name}`);
  } finally {
    closeAll(fds);
  }
}

function clear({ scratch, pins }: { scratch: string; pins: string }): void {
  const there = existing(pins);
  for (const name of there ?? [])
    if (name.startsWith("l_")) detach(`${pins}/${name}`);
    else unlinkSync(`${pins}/${name}`);
  if (there !== undefined) rmdirSync(pins);
  if (existing(scratch) !== undefined) rmdirSync(scratch);
}

function existing(folder: string): string[] | undefined {
  try {
    return readdirSync(folder);
  } catch {
    return undefined;
  }
}
