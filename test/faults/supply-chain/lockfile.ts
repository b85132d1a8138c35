/** What must hold of the lockfile: all of it from the registry, by hash, and nothing that runs when it is installed. */

/** `package.json`, as far as it is read. */
export type Manifest = {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  /** Packages whose install scripts npm may run. */
  readonly allowScripts: Readonly<Record<string, boolean>>;
};

/** One package of the lockfile. */
export type LockedPackage = {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
};

/** `package-lock.json`. */
export type Lockfile = {
  readonly lockfileVersion: number;
  readonly packages: Readonly<Record<string, LockedPackage>>;
};

/** Packages whose install script is known, and not run: it only warns of version schemes. */
const REFUSED_SCRIPTS = ["protobufjs"];

/** What is wrong with a lockfile, a line each. */
export function lockProblems(manifest: Manifest, lock: Lockfile): string[] {
  const { "": root = {}, ...packages } = lock.packages;
  const problems = Object.entries(packages).flatMap(([path, locked]) =>
    packageProblems(path.replace(/^.*node_modules\//, ""), locked, manifest),
  );
  for (const kind of ["dependencies", "devDependencies"] as const) {
    if (JSON.stringify(root[kind]) !== JSON.stringify(manifest[kind]))
      problems.push(`${kind} of the lockfile are not those of package.json`);
    for (const [name, version] of Object.entries(manifest[kind])) {
      if (!/^\d+\.\d+\.\d+$/.test(version))
        problems.push(`${name}: ${version} is no exact version`);
      if (packages[`node_modules/${name}`]?.version !== version)
        problems.push(`${name}: not locked at ${version}`);
    }
  }
  return problems;
}

function packageProblems(name: string, locked: LockedPackage, manifest: Manifest): string[] {
  const { version = "", resolved, integrity = "", link, hasInstallScript } = locked;
  const runs = manifest.allowScripts[name] !== true && !REFUSED_SCRIPTS.includes(name);
  return [
    ...(/^\d+\.\d+\.\d+/.test(version) ? [] : [`${name}: ${version} is no version`]),
    ...(resolved === undefined ? [] : [`${name}: it has a place of its own, ${resolved}`]),
    ...(/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity) ? [] : [`${name}: no SHA-512`]),
    ...(link === true ? [`${name}: it is a link`] : []),
    ...(hasInstallScript === true && runs
      ? [`${name}: an install script that nobody approved`]
      : []),
  ];
}
