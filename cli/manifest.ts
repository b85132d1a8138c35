/** Manifests on standard output, as kubectl takes them. */

import type { Command } from "commander";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import { renderGatewayApi } from "../deploy/crds/gateway-api/render.ts";
import { renderCrds } from "../deploy/crds/render.ts";
import { flagsOf, type GlobalFlags } from "./command.ts";
import type { Context } from "./context.ts";
import { writeDocument } from "./inject/yaml.ts";
import { overridesOf, type ValueFlags } from "./install-flags.ts";
import { valuesOf } from "./install-values.ts";

/** Has a command print the custom resource definitions where `--crds` is given, else what `render` gives. */
export function printsControlPlane<T extends ValueFlags>(
  command: Command,
  context: Context,
  render: (flags: GlobalFlags & T) => Promise<readonly KubeObject[]>,
): void {
  command.action(async () => {
    const flags = flagsOf<T & { readonly crds?: boolean }>(command);
    const objects = flags.crds === true ? await definitions(flags, context) : await render(flags);
    writeManifest(objects, { output: flags.output, context });
  });
}

async function definitions(
  flags: GlobalFlags & ValueFlags,
  context: Context,
): Promise<KubeObject[]> {
  const values = valuesOf(context.version, await overridesOf(context.version, flags, {}));
  const gateway = values.installGatewayAPI ? renderGatewayApi("standard") : [];
  return [...renderCrds(flags.linkerdNamespace), ...gateway];
}

/** Prints objects one after the other. */
export function writeManifest(
  objects: readonly KubeObject[],
  { output, context }: { readonly output: "yaml" | "json"; readonly context: Context },
): void {
  const texts = objects.map((object) =>
    output === "json"
      ? `${JSON.stringify(object, undefined, 2)}\n`
      : `---\n${writeDocument(JSON.parse(JSON.stringify(object)))}`,
  );
  context.terminal.write(texts.join(""));
}
