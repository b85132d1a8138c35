import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, rmdirSync, unlinkSync } from "node:fs";
import { closeAll, getObject, keysOf } from "#lib/sys/bpf.ts";
import { mount, umount } from "#lib/sys/libc.ts";
import { loadCollection } from "./collection.ts";
import { readObject } from "./objects.ts";
import { type PodRedirect, RedirectMaps } from "./redirect.ts";

const root = process.getuid?.() === 0;
const POD: PodRedirect = {
  uid: 2102,
  outboundPort: 4140,
  inboundPort: 4143,
  ip4: "10.0.0.2",
  skipPorts: [{ direction: "inbound", from: 80, to: 91 }],
  skipNetworks: [{ direction: "outbound", ip: "10.9.0.0", prefix: 16 }],
};

let mounted = "";
let pins = "";
beforeAll(() => {
  if (!root) return;
  mounted = mkdtempSync("/tmp/bpffs-");
  pins = `${mounted}/v1`;
  mount("bpf", mounted, "mode=0700");
  mkdirSync(pins);
});
afterAll(() => {
  if (!root) return;
  for (const name of readdirSync(pins)) unlinkSync(`${pins}/${name}`);
  rmdirSync(pins);
  umount(mounted);
  rmdirSync(mounted);
});

function sizes(): number[] {
  return [
    ["pods", 8],
    ["skip_ports", 16],
    ["skip_cidr", 28],
  ].map(([name, bytes]) => {
    const fd = getObject(`${pins}/m_${name}`) ?? -1;
    const found = keysOf(fd, Number(bytes)).length;
    closeAll([fd]);
    return found;
  });
}

test.skipIf(!root)("RedirectMaps writes, replaces and deletes a pod's entries (needs root)", () => {
  expect(RedirectMaps.open(pins)).toBeUndefined();
  closeAll(loadCollection(readObject("mesh"), { pins }).map(({ fd }) => fd));
  closeAll(loadCollection(readObject("inbound"), { pins }).map(({ fd }) => fd));
  const maps = RedirectMaps.open(pins);
  if (maps === undefined) throw new Error("Cannot open maps: they are not pinned");
  try {
    expect(maps.write(11n, POD)).toBe(0);
    maps.write(12n, { ...POD, skipPorts: [], skipNetworks: [] });
    expect(sizes()).toEqual([2, 2, 1]);
    maps.write(11n, { ...POD, skipPorts: [{ direction: "inbound", from: 80, to: 80 }] });
    expect(sizes()).toEqual([2, 1, 1]);
    expect(maps.cookies().toSorted()).toEqual([11n, 12n]);
    expect([maps.has(11n), maps.has(13n)]).toEqual([true, false]);
    maps.delete(11n);
    expect(sizes()).toEqual([1, 0, 0]);
    // The slot of an entry that was lost, unless somebody has it now.
    expect(maps.write(14n, { ...POD, skipPorts: [], skipNetworks: [] }, 9)).toBe(9);
    expect(maps.write(15n, { ...POD, skipPorts: [], skipNetworks: [] }, 9)).toBe(0);
    expect(maps.hasListener(14n)).toBe(false);
    maps.delete(15n);
    maps.delete(13n);
    maps.delete(12n);
    maps.delete(14n);
    expect(sizes()).toEqual([0, 0, 0]);
  } finally {
    maps.close();
  }
});
