import { expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { $ } from "bun";
import { PACKAGES, placeOf, readBase } from "./base.ts";
import { IMAGE_ENVIRONMENT } from "./environment.ts";
import { ENTRYPOINT, LINKS, PROGRAM, STARTER, USER } from "./program.ts";

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

test.skipIf(Bun.which("dpkg-deb") === null)(
  "readBase() has the files of packages, what scanners ask for, and Debian's links (needs dpkg)",
  async () => {
    const control = [
      ...["Package: mesh-test", "Version: 1.0+1", "Architecture: all"],
      ...["Maintainer: nobody", "Description: none", ""],
    ];
    const { tree, ingredients } = await readBase(async (folder) => {
      mkdirSync(`${folder}/made/DEBIAN`, { recursive: true });
      mkdirSync(`${folder}/made/lib/x`, { recursive: true });
      writeFileSync(`${folder}/made/DEBIAN/control`, control.join("\n"));
      writeFileSync(`${folder}/made/lib/x/file`, "content");
      await $`dpkg-deb --root-owner-group -b made mesh-test.deb`.cwd(folder).quiet();
    });
    expect(ingredients).toEqual([
      {
        name: "mesh-test",
        version: "1.0+1",
        purl: "pkg:deb/debian/mesh-test@1.0%2B1?arch=all",
      },
    ]);
    expect(tree.get("usr/lib/x/file")).toMatchObject({ type: "file" });
    expect(tree.get("var/lib/dpkg/status.d/mesh-test")).toMatchObject({ type: "file" });
    expect(tree.get("lib")).toEqual({ type: "link", target: "usr/lib" });
    expect(tree.get("usr/sbin/iptables")).toEqual({ type: "link", target: "iptables-nft" });
  },
);

test("L10: the image has a user that is not root, and the Dockerfile makes the same one", () => {
  const text = readFileSync(new URL("Dockerfile", import.meta.url), "utf8");
  for (const name of PACKAGES) expect(text).toContain(name);
  for (const [name, value] of Object.entries(IMAGE_ENVIRONMENT))
    expect(text).toContain(`${name}=${value}`);
  expect(USER).toMatch(/^[1-9]\d*:[1-9]\d*$/);
  expect(text).toContain(`USER ${USER}`);
  expect(text).toContain(`/${PROGRAM}`);
  expect(text).toContain(`ENTRYPOINT ${JSON.stringify(ENTRYPOINT)}`);
  expect(text).toContain(`COPY --from=build /linkerd2-proxy-init /${STARTER}`);
  for (const [path, target] of LINKS) expect(text).toContain(`ln -s ${target} /${path}`);
});
