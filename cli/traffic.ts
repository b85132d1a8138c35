/** `--to` and `--from`: what is sent, in place of what is received. */

import type { SentTo } from "../viz/core/stat.ts";
import { CommandError } from "./command.ts";
import { AUTHORITY, NAMESPACE, SENDER_KINDS, STAT_KINDS, type StatNamed } from "./stat-subjects.ts";
import { parseKinds } from "./workloads.ts";

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
      readonly named: StatNamed;
      readonly namespace: string;
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
    return { type: "to", target: targetOf(to, { given: toNamespace, namespace }) };
  const [named] = from === undefined ? [] : parseKinds([from], SENDER_KINDS);
  if (named === undefined) return { type: "received" };
  return { type: "from", named, namespace: fromNamespace ?? namespace };
}

/** As its callers' proxies name it: a namespace is in none, and an authority may be outside of all. */
function targetOf(
  word: string,
  { given, namespace }: { readonly given: string | undefined; readonly namespace: string },
): SentTo {
  const [named] = parseKinds([word], STAT_KINDS);
  if (named === undefined) throw new CommandError(`Cannot use "${word}"`);
  const { kind, name } = named;
  if (kind.name === "cronjob")
    throw new CommandError(`Cannot use --to ${word}: callers know the Job, as in job/NAME`);
  const anywhere = kind === NAMESPACE || kind === AUTHORITY;
  return {
    kind: kind.name,
    names: name === undefined ? undefined : [name],
    namespace: given ?? (anywhere ? undefined : namespace),
  };
}
