/** Manifests on standard output, as kubectl takes them. */

import type { KubeObject } from "#lib/k8s/types/meta.ts";
import type { Context } from "./context.ts";
import { writeDocument } from "./inject/yaml.ts";

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
