/** `profile`: a ServiceProfile to begin with, or one out of a description of an API. */

import { type Command, Option } from "commander";
import { addCommand, CommandError, flagsOf, type GlobalFlags } from "../command.ts";
import type { Context } from "../context.ts";
import { readInputs } from "../inject/input.ts";
import { parseDocument } from "../inject/yaml.ts";
import { clusterDomain } from "../installed.ts";
import { writeManifest } from "../manifest.ts";
import {
  openApiRoutes,
  type ProfileRoute,
  protoRoutes,
  serviceProfile,
} from "../service-profile.ts";

type Flags = {
  readonly namespace?: string;
  readonly template?: boolean;
  readonly openApi?: string;
  readonly proto?: string;
  readonly ignoreCluster?: boolean;
  readonly output: "yaml" | "json";
};

const NAME = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** Adds `profile`. */
export function addProfile(parent: Command, context: Context): void {
  const command = addCommand(parent, {
    usage: "profile <SERVICE>",
    summary: "Output service profile config for Kubernetes",
    details: "Exactly one of --template, --open-api and --proto says where its routes come from.",
    examples: [
      ["One to fill in", "bunkerd profile --template -n shop web"],
      [
        "By an OpenAPI document",
        "bunkerd profile --open-api web.swagger -n shop web | kubectl apply -f -",
      ],
      ["By a protobuf file", "bunkerd profile --proto web.proto -n shop web | kubectl apply -f -"],
    ],
  })
    .option("-n, --namespace <name>", "Namespace of the Service; the context's unless given")
    .option("--template", "A profile to fill in")
    .option("--open-api <file>", "An OpenAPI document, YAML or JSON; - is standard input")
    .option("--proto <file>", "A protobuf file; - is standard input")
    .option("--ignore-cluster", "Do not ask the cluster for its domain")
    .addOption(
      new Option("-o, --output <format>", "Output format")
        .choices(["yaml", "json"])
        .default("yaml"),
    );
  command.action(async (name: string) => {
    const flags = flagsOf<Flags>(command);
    if (!NAME.test(name)) throw new CommandError(`Cannot use "${name}": it is no Service's name`);
    const routes = await readRoutes(flags, context);
    const { namespace, domain } = await placeOf(flags, context);
    writeManifest([serviceProfile({ name, namespace, domain }, routes)], {
      output: flags.output,
      context,
    });
  });
}

/** What a profile may say of a route, to be changed. */
const TEMPLATE: readonly ProfileRoute[] = [
  {
    name: "GET /items/{id}",
    condition: { method: "GET", pathRegex: "/items/[^/]*" },
    isRetryable: true,
    timeout: "500ms",
    responseClasses: [{ condition: { status: { min: 500, max: 599 } }, isFailure: true }],
  },
  { name: "POST /items", condition: { method: "POST", pathRegex: "/items" } },
];

async function readRoutes(flags: Flags, context: Context): Promise<readonly ProfileRoute[]> {
  const { template = false, openApi, proto } = flags;
  const sources = Number(template) + Number(openApi !== undefined) + Number(proto !== undefined);
  if (sources !== 1)
    throw new CommandError(
      "Cannot make a profile: exactly one of --template, --open-api and --proto must be given",
    );
  if (openApi !== undefined) {
    const [document] = await readInputs([openApi], { stdin: context.terminal.stdin });
    return openApiRoutes(document && parseDocument(document));
  }
  return proto === undefined ? TEMPLATE : protoRoutes(await readText(proto, context));
}

async function readText(file: string, { terminal }: Context): Promise<string> {
  if (file === "-") return await terminal.stdin();
  const found = Bun.file(file);
  if (!(await found.exists())) throw new CommandError(`Cannot read ${file}: there is no such file`);
  return await found.text();
}

/** Where the Service is; a cluster is asked for its domain unless that is not wanted. */
async function placeOf(
  flags: GlobalFlags & Flags,
  context: Context,
): Promise<{ readonly namespace: string; readonly domain: string }> {
  if (flags.ignoreCluster === true)
    return { namespace: flags.namespace ?? "default", domain: "cluster.local" };
  const { client, namespace } = await context.connect(flags);
  const domain = await clusterDomain(client, flags.linkerdNamespace);
  return { namespace: flags.namespace ?? namespace, domain };
}
