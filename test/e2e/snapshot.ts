/** What a cluster holds, to be compared with what it held before: objects, taints, and what lies on its nodes. */

import type { Below, Place } from "./place.ts";

/** One line for each thing. */
export type Snapshot = readonly string[];

/** Every object of the API but events, which tell of what was, and leases, which nodes take once they run. */
export const OBJECTS =
  "kubectl get -A -o name $(kubectl api-resources --verbs=list -o name | grep -vE '^(events|leases)' | paste -sd,)";
const NODES = `kubectl get nodes -o jsonpath='{range .items[*]}{.metadata.name}{" taints "}{.spec.taints}{" labels "}{.metadata.labels}{" cordoned "}{.spec.unschedulable}{"\\n"}{end}'`;
/**
 * Files with what is in them (configurations without their white space), pins, tables, routing rules and interfaces of
 * a node; the bridge comes with its first pod, and interfaces of pods come and go.
 */
const ON_NODE = `
find /opt/cni/bin -type f -exec sha256sum {} +
for file in $(find /etc/cni/net.d -type f); do echo "$file $(tr -d '[:space:]' < $file | sha256sum)"; done
find /sys/fs/bpf -mindepth 1
find /run/linkerd-cni -type f -o -type s 2>/dev/null || true
nft list tables
iptables-save 2>/dev/null | grep '^[*:-]' | sed 's/ \\[.*//' || true
ip rule
ip -o link | sed -E 's/^[0-9]+: ([^:@]+).*/link \\1/' | grep -vE '^link (veth|cni0)' || true`;

/** Takes one. */
export async function takeSnapshot(
  place: Pick<Place, "shell">,
  below: Pick<Below, "onNode">,
): Promise<Snapshot> {
  const lines = (text: string): string[] => text.split("\n").filter((line) => line !== "");
  const nodes = lines(await place.shell("kubectl get nodes -o name")).map((name) =>
    name.replace("node/", ""),
  );
  const onNodes = await Promise.all(
    nodes.map(async (node) =>
      lines(await below.onNode(node, ON_NODE)).map((line) => `${node}: ${line}`),
    ),
  );
  return [
    ...lines(await place.shell(OBJECTS)),
    ...lines(await place.shell(NODES)),
    ...onNodes.flat(),
  ].toSorted();
}

/** What came since, with a plus, and what went, with a minus. */
export function difference(before: Snapshot, after: Snapshot): string[] {
  const [was, is] = [new Set(before), new Set(after)];
  return [
    ...after.filter((line) => !was.has(line)).map((line) => `+ ${line}`),
    ...before.filter((line) => !is.has(line)).map((line) => `- ${line}`),
  ];
}
