/** `diagnostics endpoints`: what the control plane tells a proxy about an authority. */

import { type Command, Option } from "commander";
import { addCommand, CommandError, flagsOf } from "../command.ts";
import type { Context } from "../context.ts";
import { type Endpoint, watchEndpoints } from "../destination.ts";
import {
  askDestination,
  DESTINATION_POD,
  DESTINATION_PORT,
  type DestinationPodFlags,
} from "../destination-pod.ts";
import { renderTable } from "../table.ts";
import { within } from "../within.ts";

type Flags = DestinationPodFlags & {
  readonly token: string;
  readonly output: "table" | "json";
};

/** Milliseconds to wait for a first answer, and for what belongs to it. */
const ANSWER_MS = 5000;
const SETTLE_MS = 250;

/** Adds `diagnostics endpoints`, alias `ep`. */
export function addEndpoints(parent: Command, context: Context): void {
  const command = addCommand(parent, {
    usage: "endpoints <AUTHORITIES...>",
    summary: "Introspect Linkerd's service discovery state",
    details: "AUTHORITIES are what clients connect to: service.namespace.svc.cluster.local:port.",
    examples: [
      ["Who serves a Service", "bunkerd diagnostics endpoints web-svc.shop.svc.cluster.local:80"],
    ],
  })
    .alias("ep")
    .option(...DESTINATION_POD)
    .option("--token <text>", "The context of the caller, as a proxy sends it", "")
    .addOption(
      new Option("-o, --output <format>", "Output format")
        .choices(["table", "json"])
        .default("table"),
    );
  command.action(async (authorities: string[]) => {
    const flags = flagsOf<Flags>(command);
    const wrong = authorities.find((authority) => !/:\d{1,5}$/.test(authority));
    if (wrong !== undefined)
      throw new CommandError(
        `Cannot use "${wrong}": an authority ends in a port, as in web.shop.svc.cluster.local:80`,
      );
    const cluster = await context.connect(flags);
    const found = await askDestination(
      cluster,
      { context, flags, port: DESTINATION_PORT },
      (connection) =>
        Promise.all(
          authorities.map((authority) => {
            const question = { authority, token: flags.token, settled: settle(context) };
            return watchEndpoints(connection, question);
          }),
        ),
    );
    print(found.flat(), { flags, context });
  });
}

/** The answer comes at once, or the time is over; then a moment more. */
function settle(context: Context): (first: Promise<void>) => Promise<void> {
  return async (first) => {
    const answered = first.then(() => true);
    if ((await within(answered, ANSWER_MS, context)) === undefined)
      throw new CommandError(`Cannot get endpoints: no answer in ${ANSWER_MS} ms`);
    await context.sleep(SETTLE_MS);
  };
}

type Printing = { readonly flags: Flags; readonly context: Context };

function print(endpoints: readonly Endpoint[], { flags, context: { terminal } }: Printing): void {
  const rows = endpoints.map(({ ip, port, weight, http2, labels }) => ({
    namespace: labels["namespace"] ?? "",
    ip,
    port,
    pod: labels["pod"] ?? "",
    service: `${labels["service"] ?? ""}.${labels["namespace"] ?? ""}`,
    weight,
    http2,
    labels,
  }));
  const key = (row: (typeof rows)[number]): string => `${row.namespace}/${row.service}/${row.pod}`;
  rows.sort((a, b) => (key(a) < key(b) ? -1 : Number(key(a) > key(b))));
  if (flags.output === "json") terminal.write(`${JSON.stringify(rows, undefined, 2)}\n`);
  else if (rows.length === 0) terminal.write("No endpoints found.\n");
  else
    terminal.write(
      renderTable(
        ["NAMESPACE", "IP", "PORT", "POD", "SERVICE"].map((title) => ({ title, left: true })),
        rows.map((row) => [row.namespace, row.ip, String(row.port), row.pod, row.service]),
      ),
    );
}
