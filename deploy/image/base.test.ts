import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { PACKAGES, placeOf } from "./base.ts";
import { IMAGE_ENVIRONMENT } from "./environment.ts";
import { ENTRYPOINT, LINKS, PROGRAM, USER } from "./program.ts";

test("placeOf() puts what is in /lib below /usr, and leaves out what no program reads", () => {
  const placed: readonly (readonly [string, string | undefined])[] = [
    ["lib/x86_64-linux-gnu/libc.so.6", "usr/lib/x86_64-linux-gnu/libc.so.6"],
    ["lib64/ld-linux-x86-64.so.2", "usr/lib64/ld-linux-x86-64.so.2"],
    ["usr/sbin/nft", "usr/sbin/nft"],
    ["usr/share/doc/nftables/copyright", "usr/share/doc/nftables/copyright"],
    ["var/lib/dpkg/status.d/nftables", "var/lib/dpkg/status.d/nftables"],
    ["usr/share/doc/nftables/examples/all.nft", undefined],
    ["usr/share/man/man8/nft.8.gz", undefined],
    ["usr/lib/x86_64-linux-gnu/gconv/UTF-7.so", undefined],
    ["etc/nftables.conf", undefined],
    ["lib/systemd/system/nftables.service", undefined],
  ];
  for (const [path, place] of placed) expect(placeOf(path)).toBe(place);
});

test("the Dockerfile makes the same image", () => {
  const text = readFileSync(new URL("Dockerfile", import.meta.url), "utf8");
  for (const name of PACKAGES) expect(text).toContain(name);
  for (const [name, value] of Object.entries(IMAGE_ENVIRONMENT))
    expect(text).toContain(`${name}=${value}`);
  expect(text).toContain(`USER ${USER}`);
  expect(text).toContain(`/${PROGRAM}`);
  expect(text).toContain(`ENTRYPOINT ${JSON.stringify(ENTRYPOINT)}`);
  for (const [path, target] of LINKS) expect(text).toContain(`ln -s ${target} /${path}`);
});
