import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, unlinkSync } from "node:fs";
import { closeAll } from "#lib/sys/bpf.ts";
import { mount, umount } from "#lib/sys/libc.ts";
import { CGROUP2 } from "../test/integration/redirect-node.ts";
import { attach, detach, isAttachedAt } from "./attach.ts";
import { loadCollection } from "./collection.ts";
import { readElf } from "./elf.ts";

const root = process.getuid?.() === 0 && CGROUP2 !== "";
const object = (name: string) =>
  readElf(readFileSync(new URL(`./objects/${name}.bpf.o`, import.meta.url)));

test.skipIf(!root)(
  "attach() and detach() at a cgroup and a netns, updating in place or moving, leave nothing (needs root)",
  () => {
    const mounted = mkdtempSync("/tmp/bpffs-");
    const pins = `${mounted}/mesh`;
    const cgroup = `${CGROUP2}/bunkerd-attach-${process.pid}`;
    const below = `${cgroup}/below`;
    mount("bpf", mounted, "mode=0700");
    mkdirSync(pins);
    mkdirSync(cgroup);
    try {
      const programs = loadCollection(object("mesh"), { pins });
      const inbound = loadCollection(object("inbound"), { pins, rodata: new Uint8Array(8) });
      for (const each of [...programs, ...programs]) attach(each, cgroup, `${pins}/l_${each.name}`);
      for (const each of inbound) attach(each, "/proc/self/ns/net", `${pins}/l_in`);
      expect(readdirSync(pins).filter((name) => name.startsWith("l_"))).toHaveLength(13);
      mkdirSync(below);
      for (const each of programs) attach(each, below, `${pins}/l_${each.name}`);
      const at = (path: string) =>
        programs.map(({ name }) => isAttachedAt(`${pins}/l_${name}`, path));
      expect([at(below), at(cgroup)]).toEqual([
        programs.map(() => true),
        programs.map(() => false),
      ]);
      expect(isAttachedAt(`${pins}/l_absent`, cgroup)).toBe(false);
      expect(isAttachedAt(`${pins}/l_out4`, "/nowhere")).toBe(false);
      for (const each of [...programs, ...inbound]) detach(`${pins}/l_${each.name}`);
      detach(`${pins}/l_absent`);
      closeAll([...programs, ...inbound].map(({ fd }) => fd));
      expect(readdirSync(pins).every((name) => name.startsWith("m_"))).toBe(true);
    } finally {
      for (const name of readdirSync(pins)) unlinkSync(`${pins}/${name}`);
      rmdirSync(pins);
      umount(mounted);
      rmdirSync(mounted);
      for (const each of [below, cgroup]) rmdirSync(each);
    }
  },
);
