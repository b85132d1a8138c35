/** `--to` and `--from`: what is sent, in place of what is received. */

import type { SentTo } from "../viz/core/stat.ts";
import { CommandError } from "./command.ts";
import { type Named, parseWorkloads } from "./workloads.ts";

/** The flags. */
export type TrafficFlags = {
  readonly to?: string;
  readonly toNamespace?: string;
  readonly from?: string;
  readonly fromNamespace?: string;
};

/** Which requests are told of; of those that are sent, the senders tell. */
export type Traffic =
  | { readonly type: "received" }
  | { readonly type: "to"; readonly target: SentTo }
  | {
      readonly type: "from";
      readonly named: Named;
      readonly namespace: string;
      readonly selector: undefined;
    };

/** Reads them; `namespace` is the one of what was named. Throws CommandError. */
export function readTraffic(flags: TrafficFlags, namespace: string): Traffic {
  const { to, from, toNamespace, fromNamespace } = flags;
  if (to !== undefined && from !== undefined)
    throw new CommandError("Cannot use --to and --from together");
  if (toNamespace !== undefined && to === undefined)
    throw new CommandError("Cannot use --to-namespace without --to");
  if (fromNamespace !== undefined && from === undefined)
    throw new CommandError("Cannot use --from-namespace without --from");
  if (to !== undefined)
    return { type: "to", target: { ...targetOf(to), namespace: toNamespace ?? namespace } };
  const [named] = from === undefined ? [] : parseWorkloads([from]);
  if (named === undefined) return { type: "received" };
  return { type: "from", named, namespace: fromNamespace ?? namespace, selector: undefined };
}

/** A Service, which only what is sent to it knows, or a workload. */
function targetOf(word: string): Pick<SentTo, "kind" | "name"> {
  const service = /^(?:svc|services?)(?:\/([^/]+))?$/.exec(word);
  if (service !== null) return { kind: "service", name: service[1] };
  const [named] = parseWorkloads([word]);
  return { kind: named?.kind.name ?? "", name: named?.name };
}
