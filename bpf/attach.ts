/** Attaches loaded programs and keeps them by pins, so that they outlive this process. */

import { unlinkSync } from "node:fs";
import {
  closeAll,
  createLink,
  detachLink,
  getObject,
  pinObject,
  updateLink,
} from "#lib/sys/bpf.ts";
import { close, open, SysError } from "#lib/sys/libc.ts";
import type { LoadedProgram } from "./collection.ts";

/** Attaches a program at a cgroup or netns path and pins the link; a link already pinned is updated in place. */
export function attach(program: LoadedProgram, target: string, pin: string): void {
  if (updated(program, pin)) return;
  const at = open(target);
  try {
    const link = createLink(program.fd, at, program.attachType);
    try {
      pinObject(link, pin);
    } finally {
      closeAll([link]);
    }
  } finally {
    close(at);
  }
}

/** Whether a living link was there to update. One whose target is gone can only be removed. */
function updated(program: LoadedProgram, pin: string): boolean {
  const link = getObject(pin);
  if (link === undefined) return false;
  try {
    updateLink(link, program.fd);
    return true;
  } catch (error) {
    if (!(error instanceof SysError && error.code === "ENOLINK")) throw error;
    unlinkSync(pin);
    return false;
  } finally {
    close(link);
  }
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
