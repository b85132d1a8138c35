import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { LogFilter } from "#lib/log/log-filter.ts";
import { createLogger } from "#lib/log/logger.ts";
import { Installer, uninstall } from "./watch.ts";

const LIST = { cniVersion: "1.0.0", name: "net", plugins: [{ type: "bridge" }] };
const ENTRY = { type: "linkerd-cni" } as const;

let dir = "";
beforeEach(() => {
  dir = mkdtempSync(`${tmpdir()}/install-`);
  mkdirSync(`${dir}/bin`);
  mkdirSync(`${dir}/conf`);
});
afterEach(() => rmSync(dir, { recursive: true }));

function installer(): [Installer, string[]] {
  const logs: string[] = [];
  const logger = createLogger({
    filter: new LogFilter(),
    format: "plain",
    wall: () => 0,
    write: (line) => logs.push(line),
  });
  const place = { binDir: `${dir}/bin`, confDir: `${dir}/conf` };
  const shim = new TextEncoder().encode("shim");
  return [new Installer({ ...place, shim, entry: ENTRY, logger }), logs];
}
const put = (name: string, value: unknown): void =>
  writeFileSync(`${dir}/conf/${name}`, typeof value === "string" ? value : JSON.stringify(value));
const read = (name: string): unknown => JSON.parse(readFileSync(`${dir}/conf/${name}`, "utf8"));

test("H13: Installer waits for a configuration, puts both in place, and repairs drift", () => {
  const [it, logs] = installer();
  expect([it.look(), it.look(), it.healthy]).toEqual([1, 0, false]);
  expect(statSync(`${dir}/bin/linkerd-cni`).mode & 0o777).toBe(0o755);
  put("10-net.conflist", LIST);
  expect([it.look(), it.look(), it.healthy]).toEqual([1, 0, true]);
  expect(read("10-net.conflist")).toEqual({ ...LIST, plugins: [{ type: "bridge" }, ENTRY] });
  put("10-net.conflist", LIST);
  writeFileSync(`${dir}/bin/linkerd-cni`, "other");
  expect([it.look(), it.look()]).toEqual([2, 0]);
  put("05-other.conflist", LIST);
  expect(it.look()).toBe(1);
  expect(logs).toHaveLength(3);
});

test("Installer makes a list of a single plugin's file, as often as the primary writes that", () => {
  const [it] = installer();
  const single = { cniVersion: "0.3.1", name: "net", type: "bridge" };
  put("10-net.conf", single);
  chmodSync(`${dir}/conf/10-net.conf`, 0o600);
  expect(it.look()).toBe(2);
  put("10-net.conf", { ...single, mtu: 1400 });
  expect([it.look(), it.look(), it.healthy]).toEqual([1, 0, true]);
  expect(readdirSync(`${dir}/conf`)).toEqual(["10-net.conflist"]);
  expect(read("10-net.conflist")).toMatchObject({ plugins: [{ mtu: 1400 }, ENTRY] });
  expect(statSync(`${dir}/conf/10-net.conflist`).mode & 0o777).toBe(0o600);
});

test("Installer leaves a list alone that somebody else has beside a single plugin's file", () => {
  const [it, logs] = installer();
  put("10-net.conf", { cniVersion: "0.3.1", name: "net", type: "bridge" });
  put("10-net.conflist", LIST);
  expect([it.look(), it.healthy]).toEqual([0, false]);
  expect([read("10-net.conflist"), logs.at(-1)]).toEqual([
    LIST,
    expect.stringContaining("is there already"),
  ]);
});

test("Installer leaves a chain of several alone that has our entry, where a single plugin's file appears", () => {
  const [it, logs] = installer();
  const chain = { ...LIST, plugins: [{ type: "bridge" }, { type: "portmap" }] };
  put("10-net.conflist", chain);
  expect(it.look()).toBe(2);
  put("10-net.conf", { cniVersion: "0.3.1", name: "net", type: "bridge" });
  expect([it.look(), it.healthy]).toEqual([0, false]);
  expect(read("10-net.conflist")).toEqual({ ...chain, plugins: [...chain.plugins, ENTRY] });
  expect(logs.at(-1)).toContain("is there already");
});

test("Installer leaves alone what it does not understand, and says so once", () => {
  const [it, logs] = installer();
  put("10-net.conflist", "{");
  expect([it.look(), it.look(), it.healthy]).toEqual([0, 0, false]);
  expect(readFileSync(`${dir}/conf/10-net.conflist`, "utf8")).toBe("{");
  expect(logs).toEqual([expect.stringContaining("Cannot use 10-net.conflist: it is no JSON")]);
});

test("H14: uninstall() leaves what was there before, and may be repeated", () => {
  const [it] = installer();
  const place = { binDir: `${dir}/bin`, confDir: `${dir}/conf` };
  put("10-net.conflist", LIST);
  put("notes.txt", "x");
  it.look();
  uninstall(place);
  uninstall(place);
  expect(read("10-net.conflist")).toEqual(LIST);
  expect(existsSync(`${dir}/bin/linkerd-cni`)).toBe(false);
  uninstall({ binDir: "/nowhere", confDir: "/nowhere" });
});
