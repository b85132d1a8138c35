/** What the image has of Debian: a C library for the executable, nft and iptables for nodes without eBPF. */

import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { $ } from "bun";
import { readTree } from "./files.ts";
import type { Ingredient } from "./sbom.ts";
import type { TarEntry, TarTree } from "./tar.ts";

/** With all that they depend on. The Dockerfile installs the same. */
export const PACKAGES: readonly string[] = ["nftables", "iptables"];

/** A layer, and what it has in it. */
export interface Base {
  readonly tree: TarTree;
  readonly ingredients: readonly Ingredient[];
}

/** Folders that are links in Debian, and not in its packages. */
const MERGED = ["bin", "sbin", "lib", "lib64"] as const;
const LEFT_OUT =
  /^(?:etc\/|usr\/share\/(?!doc\/[^/]+\/copyright$|sbom\/)|usr\/lib\/(?:systemd|[^/]+\/gconv)\/|usr\/include\/|var\/cache\/)/;
/** What iptables' own package leaves to `update-alternatives`. */
const ALTERNATIVES = ["iptables", "ip6tables"].flatMap((name) =>
  ["", "-save", "-restore"].map((suffix) => [`${name}${suffix}`, `${name}-nft${suffix}`] as const),
);

/** Where a file of a package is in the image; undefined where it is not. */
export function placeOf(path: string): string | undefined {
  const [first = ""] = path.split("/");
  const place = (MERGED as readonly string[]).includes(first) ? `usr/${path}` : path;
  return LEFT_OUT.test(place) ? undefined : place;
}

/** Unpacks what `download` puts into a folder. */
export async function readBase(
  download: (folder: string) => Promise<void> = downloadPackages,
): Promise<Base> {
  const folder = mkdtempSync(`${tmpdir()}/image-base-`);
  try {
    await download(folder);
    return await unpack(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Downloads the packages as apt finds them today. Needs Debian or what has its apt. Throws what apt says. */
async function downloadPackages(folder: string): Promise<void> {
  const names = await withDependencies(PACKAGES);
  await $`apt-get download -qq -o APT::Sandbox::User=root ${names}`.cwd(folder).quiet();
}

async function unpack(folder: string): Promise<Base> {
  const root = `${folder}/root`;
  mkdirSync(`${root}/var/lib/dpkg/status.d`, { recursive: true });
  const ingredients: Ingredient[] = [];
  for (const deb of readdirSync(folder).filter((name) => name.endsWith(".deb"))) {
    await $`dpkg-deb -x ${deb} root`.cwd(folder).quiet();
    const control = await $`dpkg-deb -f ${deb}`.cwd(folder).text();
    const field = (name: string): string =>
      new RegExp(`^${name}: (.*)$`, "m").exec(control)?.[1] ?? "";
    const name = field("Package");
    // Where scanners look in images without a package manager.
    writeFileSync(`${root}/var/lib/dpkg/status.d/${name}`, control);
    const version = field("Version");
    const purl = `pkg:deb/debian/${name}@${encodeURIComponent(version)}?arch=${field("Architecture")}`;
    ingredients.push({ name, version, purl });
  }
  const links = [
    ...MERGED.map((name) => [name, `usr/${name}`] as const),
    ...ALTERNATIVES.map(([name, target]) => [`usr/sbin/${name}`, target] as const),
  ].map(([path, target]): [string, TarEntry] => [path, { type: "link", target }]);
  return { tree: new Map([...readTree(root, placeOf), ...links]), ingredients };
}

/** Names of packages and of all that they depend on, as apt knows them. */
async function withDependencies(names: readonly string[]): Promise<string[]> {
  const without = ["recommends", "suggests", "conflicts", "breaks", "replaces", "enhances"];
  const options = without.map((kind) => `--no-${kind}`);
  const text = await $`apt-cache depends --recurse ${options} ${names}`.text();
  return [...new Set(text.split("\n").filter((line) => /^\w/.test(line)))].sort();
}
