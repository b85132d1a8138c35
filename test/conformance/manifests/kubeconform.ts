/** kubeconform: every object is what Kubernetes' own schemas say, and has no field that they do not know. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { $ } from "bun";
import { load } from "js-yaml";
import { goModule } from "../../../deploy/go.ts";
import type { KubeObject } from "../../../lib/k8s/types/meta.ts";
import type { Suite } from "../suite.ts";
import { goProgram } from "../tools.ts";
import { LINTED, manifestsOf } from "./findings.ts";
import { rendered } from "./rendered.ts";
import { type Definition, type Swagger, schemaOfDefinition, schemaOfKind } from "./schemas.ts";

const KUBECONFORM = "github.com/yannh/kubeconform/cmd/kubeconform@v0.7.0";
const KUBERNETES = "k8s.io/kubernetes@v1.36.4";
const OPERATOR = "github.com/prometheus-operator/prometheus-operator@v0.85.0";
const POD_MONITORS = "example/prometheus-operator-crd/monitoring.coreos.com_podmonitors.yaml";
const LOCATION = "{{ .ResourceKind }}-{{ .Group }}-{{ .ResourceAPIVersion }}.json";

type Checked = {
  readonly resources: readonly {
    readonly kind: string;
    readonly name: string;
    readonly status: string;
    readonly msg: string;
  }[];
};

export const kubeconform: Suite = {
  name: "kubeconform",
  quick: true,
  needs: ["go"],
  run: async (report) => {
    const program = await goProgram(KUBECONFORM, "kubeconform");
    const folder = mkdtempSync(`${tmpdir()}/schemas-`);
    try {
      await writeSchemas(folder);
      for (const [name, overrides] of LINTED) {
        const how = ["-strict", "-verbose", "-output", "json", "-schema-location"];
        const run =
          await $`${program} ${how} ${`${folder}/${LOCATION}`} < ${Buffer.from(manifestsOf(overrides))}`
            .quiet()
            .nothrow();
        const { resources } = JSON.parse(run.stdout.toString()) as Checked;
        if (resources.length === 0) report.failed(name, "nothing was looked at");
        for (const { kind, name: object, status, msg } of resources)
          if (status === "statusValid") report.passed(`${kind}/${object}, ${name}`);
          else report.failed(`${kind}/${object}, ${name}`, `${status}: ${msg}`);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

/** A schema for each kind that is installed, out of Kubernetes' own API document and the operator's definition. */
async function writeSchemas(folder: string): Promise<void> {
  const swagger = JSON.parse(
    readFileSync(`${await goModule(KUBERNETES)}/api/openapi-spec/swagger.json`, "utf8"),
  ) as Swagger;
  const monitors = load(
    readFileSync(`${await goModule(OPERATOR)}/${POD_MONITORS}`, "utf8"),
  ) as Definition;
  const kinds = new Map<string, KubeObject>();
  for (const [, overrides] of LINTED)
    for (const object of Object.values(rendered(overrides)).flat())
      kinds.set(`${object.apiVersion} ${object.kind}`, object);
  for (const { apiVersion = "", kind = "" } of kinds.values()) {
    const [version = "", group = ""] = apiVersion.split("/").toReversed();
    const schema =
      group === monitors.spec.group
        ? schemaOfDefinition(monitors, version)
        : schemaOfKind(swagger, { group, version, kind });
    writeFileSync(
      // The core group, which has no name, goes by its version.
      `${folder}/${kind.toLowerCase()}-${group || version}-${version}.json`,
      JSON.stringify(schema),
    );
  }
}
