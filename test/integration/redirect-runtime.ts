/** Calls a chain of CNI plugins as a container runtime does. */

import { existsSync, readFileSync } from "node:fs";
import { spawn } from "bun";
import { inNetns } from "#lib/sys/netns.ts";

/** What the last plugin of a chain answered: the first that failed, or the last of all. */
export interface CniOutcome {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where a runtime finds things; `netns` is the node's. */
export interface RuntimePlace {
  readonly netns: string;
  readonly binDirs: readonly string[];
  readonly conflist: string;
}

/** One call for one sandbox; `result` is what ADD gave, for CHECK and DEL. */
export interface RuntimeCall {
  readonly command: string;
  readonly name: string;
  readonly netns: string;
  readonly result?: unknown;
}

/** Calls each plugin of the list as it stands, forwards, or backwards for DEL. */
export async function callChain(place: RuntimePlace, call: RuntimeCall): Promise<CniOutcome> {
  const { cniVersion, name, plugins } = JSON.parse(readFileSync(place.conflist, "utf8")) as {
    readonly cniVersion: string;
    readonly name: string;
    readonly plugins: readonly { readonly type: string }[];
  };
  let prevResult = call.result;
  let last: CniOutcome = { exit: 0, stdout: "", stderr: "" };
  for (const plugin of call.command === "DEL" ? plugins.toReversed() : plugins) {
    const config = JSON.stringify({ ...plugin, cniVersion, name, prevResult });
    last = await callPlugin(place, { ...call, type: plugin.type, config });
    if (last.exit !== 0) return last;
    if (call.command === "ADD") prevResult = JSON.parse(last.stdout);
  }
  return last;
}

async function callPlugin(
  { netns, binDirs }: RuntimePlace,
  call: RuntimeCall & { readonly type: string; readonly config: string },
): Promise<CniOutcome> {
  const path = binDirs.map((folder) => `${folder}/${call.type}`).find((each) => existsSync(each));
  if (path === undefined) throw new Error(`Cannot find plugin ${call.type}: ${binDirs.join()}`);
  const pod = `K8S_POD_NAMESPACE=emojivoto;K8S_POD_NAME=${call.name};K8S_POD_UID=uid-${call.name}`;
  const child = inNetns(netns, () =>
    spawn([path], {
      stdin: new Blob([call.config]),
      stdout: "pipe",
      stderr: "pipe",
      env: {
        CNI_COMMAND: call.command,
        CNI_CONTAINERID: call.name,
        CNI_NETNS: call.netns,
        CNI_IFNAME: "eth0",
        CNI_ARGS: `IgnoreUnknown=1;${pod}`,
        CNI_PATH: binDirs.join(":"),
        PATH: `${Bun.env["PATH"]}`,
      },
    }),
  );
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { exit: await child.exited, stdout, stderr };
}
