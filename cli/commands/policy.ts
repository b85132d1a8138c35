/** `diagnostics policy` and `diagnostics profile`: what the control plane tells a proxy, as it tells it. */

import {
  create,
  type DescMessage,
  fromBinary,
  type JsonValue,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import { type Command, Option } from "commander";
import {
  DestinationProfileSchema,
  GetDestinationSchema,
} from "#lib/api/gen/proxy/destination_pb.ts";
import { PortSpecSchema, ServerSchema } from "#lib/api/gen/proxy/inbound_pb.ts";
import { OutboundPolicySchema, TrafficSpecSchema } from "#lib/api/gen/proxy/outbound_pb.ts";
import { callStreaming, callUnary } from "#lib/grpc/client.ts";
import type { ClientConnection } from "#lib/http-io/exchange.ts";
import { addCommand, CommandError, flagsOf } from "../command.ts";
import type { Context } from "../context.ts";
import {
  askDestination,
  DESTINATION_POD,
  DESTINATION_PORT,
  type DestinationPodFlags,
  POLICY_PORT,
} from "../destination-pod.ts";
import { writeDocument } from "../inject/yaml.ts";
import { clusterDomain } from "../installed.ts";
import { within } from "../within.ts";

/** Milliseconds to wait for an answer. */
const ANSWER_MS = 5000;
const PORT_LIMIT = 65_535;

type PolicyFlags = DestinationPodFlags & {
  readonly namespace?: string;
  readonly token: string;
  readonly output: "yaml" | "json";
};

/** Adds `diagnostics policy`. */
export function addPolicy(parent: Command, context: Context): void {
  const command = addCommand(parent, {
    usage: "policy <RESOURCE> <PORT>",
    summary: "Introspect Linkerd's policy state",
    details:
      "RESOURCE is po/NAME for what a pod's proxy is told of its port, svc/NAME for what a client's proxy is told of a Service.",
    examples: [
      ["Who may call a pod", "bunkerd diagnostics policy po/web-59db9d8-2xk5f 8080 -n shop"],
      ["Where requests of a Service go", "bunkerd diagnostics policy svc/web 80 -n shop"],
    ],
  })
    .option("-n, --namespace <name>", "Namespace of the resource; the context's unless given")
    .option(...DESTINATION_POD)
    .option(
      "--token <text>",
      "The context of the caller, as a proxy sends it",
      "default:diagnostics",
    )
    .addOption(
      new Option("-o, --output <format>", "Output format")
        .choices(["yaml", "json"])
        .default("yaml"),
    );
  command.action(async (resource: string, port: string) => {
    const flags = flagsOf<PolicyFlags>(command);
    const cluster = await context.connect(flags);
    const target = readTarget(resource, port, flags.namespace ?? cluster.namespace);
    const domain =
      target.kind === "svc" ? await clusterDomain(cluster.client, flags.linkerdNamespace) : "";
    const how = { context, flags, port: POLICY_PORT };
    const policy = await askDestination(cluster, how, (connection) =>
      answered(askPolicy(connection, { target, token: flags.token, domain }), context),
    );
    context.terminal.write(
      flags.output === "json"
        ? `${JSON.stringify(policy, undefined, 2)}\n`
        : writeDocument(policy as object),
    );
  });
}

type Target = {
  readonly kind: "po" | "svc";
  readonly name: string;
  readonly namespace: string;
  readonly port: number;
};

function readTarget(resource: string, port: string, namespace: string): Target {
  const [, kind = "", name = ""] =
    /^(po|pod|pods|svc|service|services)\/([^/]+)$/.exec(resource) ?? [];
  if (name === "")
    throw new CommandError(`Cannot use "${resource}": it must be po/NAME or svc/NAME`);
  const number = /^\d{1,5}$/.test(port) ? Number(port) : 0;
  if (number < 1 || number > PORT_LIMIT)
    throw new CommandError(`Cannot use port "${port}": it must be from 1 to ${PORT_LIMIT}`);
  return { kind: kind.startsWith("po") ? "po" : "svc", name, namespace, port: number };
}

async function askPolicy(
  connection: ClientConnection,
  how: { readonly target: Target; readonly token: string; readonly domain: string },
): Promise<JsonValue> {
  const { target, token, domain } = how;
  const { kind, name, namespace, port } = target;
  if (kind === "po") {
    const spec = create(PortSpecSchema, { workload: `${namespace}:${name}`, port });
    const path = "/io.linkerd.proxy.inbound.InboundServerPolicies/GetPort";
    const bytes = await ask(connection, path, toBinary(PortSpecSchema, spec));
    return shown(ServerSchema, bytes);
  }
  const spec = create(TrafficSpecSchema, {
    sourceWorkload: token,
    target: { case: "authority", value: `${name}.${namespace}.svc.${domain}:${port}` },
  });
  const path = "/io.linkerd.proxy.outbound.OutboundPolicies/Get";
  const bytes = await ask(connection, path, toBinary(TrafficSpecSchema, spec));
  return shown(OutboundPolicySchema, bytes);
}

const ask = (
  connection: ClientConnection,
  path: string,
  request: Uint8Array,
): Promise<Uint8Array> => callUnary(connection, { authority: "linkerd-policy", path }, request);

/** A message with the field names of its definition. */
const shown = (schema: DescMessage, bytes: Uint8Array): JsonValue =>
  toJson(schema, fromBinary(schema, bytes), { useProtoFieldName: true });

async function answered<T>(answer: Promise<T>, context: Context): Promise<T> {
  const told = await within(
    answer.catch((error: Error) => {
      throw new CommandError(`Cannot get an answer of the control plane: ${error.message}`);
    }),
    ANSWER_MS,
    context,
  );
  if (told === undefined)
    throw new CommandError(`Cannot get an answer of the control plane: none in ${ANSWER_MS} ms`);
  return told;
}

/** Adds `diagnostics profile`. */
export function addProfileQuery(parent: Command, context: Context): void {
  const command = addCommand(parent, {
    usage: "profile <ADDRESS>",
    summary: "Introspect Linkerd's service discovery state",
    details:
      "ADDRESS is what a client connects to: ip:port, or service.namespace.svc.cluster.local:port.",
    examples: [
      ["What a proxy is told of an address", "bunkerd diagnostics profile 10.96.0.10:80"],
      ["Of a Service", "bunkerd diagnostics profile web.shop.svc.cluster.local:80"],
    ],
  })
    .option(...DESTINATION_POD)
    .option("--token <text>", "The context of the caller, as a proxy sends it", "");
  command.action(async (address: string) => {
    const flags = flagsOf<DestinationPodFlags & { readonly token: string }>(command);
    if (!/:\d{1,5}$/.test(address))
      throw new CommandError(
        `Cannot use "${address}": an address ends in a port, as in web.shop.svc.cluster.local:80`,
      );
    const cluster = await context.connect(flags);
    const how = { context, flags, port: DESTINATION_PORT };
    const profile = await askDestination(cluster, how, (connection) =>
      answered(firstProfile(connection, address, flags.token), context),
    );
    context.terminal.write(`${JSON.stringify(profile, undefined, 2)}\n`);
  });
}

function firstProfile(
  connection: ClientConnection,
  address: string,
  token: string,
): Promise<JsonValue> {
  const { promise, resolve, reject } = Promise.withResolvers<JsonValue>();
  const request = create(GetDestinationSchema, { path: address, contextToken: token });
  const path = "/io.linkerd.proxy.destination.Destination/GetProfile";
  const call = callStreaming(
    connection,
    { authority: "linkerd-dst", path },
    toBinary(GetDestinationSchema, request),
    {
      onMessage: (message) => resolve(shown(DestinationProfileSchema, message)),
      onEnd: (status) => reject(new Error(status.message)),
    },
  );
  return promise.finally(() => call.cancel());
}
