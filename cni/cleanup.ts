/** Takes away all that agents left on a node. Needs no agent and no control plane, and may be repeated. */

import { existsSync, rmSync } from "node:fs";
import { redirectionOf } from "./apply/choose.ts";
import { Programs, unloadPrograms } from "./apply/programs.ts";
import type { AgentArgs } from "./args.ts";
import { Attachments } from "./attachments.ts";
import { uninstall } from "./install/watch.ts";

/** Configuration first, so that the runtime asks for no plugin that is gone; what cannot be removed is reported. */
export function cleanUp(
  args: Pick<AgentArgs, "cniBinDir" | "cniConfDir" | "bpfRoot" | "runDir">,
  onFault: (error: Error) => void,
): void {
  const { cniBinDir, cniConfDir, bpfRoot, runDir } = args;
  uninstall({ binDir: cniBinDir, confDir: cniConfDir });
  if (existsSync(`${runDir}/attachments`)) {
    const programs = new Programs({ bpfRoot, pods: "", kubelet: undefined });
    for (const { kind, place, pod } of Attachments.load(`${runDir}/attachments`, onFault).list())
      try {
        redirectionOf(kind, programs).remove(place);
      } catch (error) {
        onFault(new Error(`Cannot end the redirection of ${pod}: ${error}`, { cause: error }));
      }
  }
  unloadPrograms(bpfRoot);
  for (const name of ["agent.sock", "namespaces", "attachments", "xtables.lock"])
    rmSync(`${runDir}/${name}`, { recursive: true, force: true });
}
