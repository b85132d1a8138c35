/** The newest trust bundle, on the tmpfs of the pod: a container that starts again there goes on with it. */

import { renameSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { readTrustBundle, type TrustBundle } from "#lib/identity/trust-bundle.ts";

const FILE = "trust-bundle.pem";

/**
 * The bundle to start with. What the environment gives is as old as the pod, and after a rotation may know none of the
 * anchors that hold: the one that was kept is newer. But where the environment has changed since, it is the newer one,
 * as in the control plane's own pods, whose variable is read of a ConfigMap whenever a container starts.
 */
export async function startBundle(dir: string, given: TrustBundle): Promise<TrustBundle> {
  try {
    const text = await readFile(`${dir}/${FILE}`, "utf8");
    return text.startsWith(headOf(given)) ? readTrustBundle(text) : given;
  } catch {
    return given;
  }
}

/** Keeps a bundle for the next start, beside what this one was given; at once, as the folder is in memory. */
export function keepBundle(
  dir: string,
  { given, bundle }: { readonly given: TrustBundle; readonly bundle: TrustBundle },
): void {
  const path = `${dir}/${FILE}`;
  writeFileSync(`${path}.new`, headOf(given) + bundle.pem, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

const headOf = ({ generation }: TrustBundle): string => `Given at the start: ${generation}\n`;
