/** Attaches loaded programs and keeps them by pins, so that they outlive this process. */

import { renameSync, rmSync, statSync, unlinkSync } from "node:fs";
import {
  closeAll,
  createLink,
  detachLink,
  getObject,
  linkTarget,
  pinObject,
  updateLink,
} from "#lib/sys/bpf.ts";
import { close, open, SysError } from "#lib/sys/libc.ts";
import type { LoadedProgram } from "./collection.ts";

/**
 * Attaches a program at a cgroup or netns path and pins the link. A link that is pinned already is updated in place
 * where it is at that path; else the new one takes its place without a gap.
 */
export function attach(program: LoadedProgram, target: string, pin: string): void {
  const old = getObject(pin);
  try {
    if (old !== undefined && isAt(old, target) && updated(old, program)) return;
    const at = open(target);
    try {
      const link = createLink(program.fd, at, program.attachType);
      try {
        replacePin(link, pin);
      } finally {
        closeAll([link]);
      }
    } finally {
      close(at);
    }
    if (old !== undefined) detachLink(old);
  } finally {
    if (old !== undefined) close(old);
  }
}

/** Whether a pinned link is at the cgroup or netns that a path leads to now; false where either is gone. */
export function isAttachedAt(pin: string, target: string): boolean {
  const link = getObject(pin);
  if (link === undefined) return false;
  try {
    return isAt(link, target);
  } finally {
    close(link);
  }
}

/** A cgroup that was removed keeps its links while a socket of it lives: that one can be updated says little. */
function isAt(link: number, target: string): boolean {
  const inode = statSync(target, { bigint: true, throwIfNoEntry: false })?.ino;
  return inode !== undefined && linkTarget(link) === inode;
}

/** Whether the link still had its target. */
function updated(link: number, program: LoadedProgram): boolean {
  try {
    updateLink(link, program.fd);
    return true;
  } catch (error) {
    if (error instanceof SysError && error.code === "ENOLINK") return false;
    throw error;
  }
}

function replacePin(link: number, pin: string): void {
  const cut = pin.lastIndexOf("/") + 1;
  const aside = `${pin.slice(0, cut)}new_${pin.slice(cut)}`;
  // One that was left by an agent which was killed here.
  rmSync(aside, { force: true });
  pinObject(link, aside);
  renameSync(aside, pin);
}

/** Detaches a pinned link and removes its pin; nothing happens where there is none. */
export function detach(pin: string): void {
  const link = getObject(pin);
  if (link === undefined) return;
  try {
    detachLink(link);
  } finally {
    close(link);
    unlinkSync(pin);
  }
}
