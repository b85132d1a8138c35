/** `inject --manual`: the proxy itself in the template, as the webhook would add it. */

import { readFile } from "node:fs/promises";
import { CONTROL_PLANE_COMPONENT } from "#lib/k8s/annotations.ts";
import type { KubeClient } from "#lib/k8s/client.ts";
import { CONFIG_MAPS } from "#lib/k8s/resource.ts";
import { reasonToRefuse } from "../../controller/injector/decide.ts";
import type { Anchors } from "../../controller/injector/environment.ts";
import { addProxy } from "../../controller/injector/inject.ts";
import { settingsOf } from "../../controller/injector/settings.ts";
import { type InjectValues, parseValues } from "../../controller/injector/values.ts";
import { createValues } from "../../deploy/values.ts";
import { CommandError } from "../command.ts";
import type { Manifest, PodTemplate } from "./workload.ts";

/** What the proxy is configured from; without a cluster the anchors are those of a file. */
export type MeshFacts = { readonly values: InjectValues; readonly anchors: Anchors | undefined };

/** Reads the installed mesh's values and anchors. Throws CommandError where there is no mesh. */
export async function readMesh(client: KubeClient, linkerdNamespace: string): Promise<MeshFacts> {
  const read = async (name: string, key: string): Promise<string> => {
    const map = await client.get(CONFIG_MAPS, { name, namespace: linkerdNamespace });
    const text = map?.data?.[key];
    if (text === undefined)
      throw new CommandError(
        `Cannot inject: there is no ConfigMap ${name} in namespace ${linkerdNamespace}; is the mesh installed? --ignore-cluster does without`,
      );
    return text;
  };
  return {
    values: parseValues(await read("linkerd-config", "values")),
    anchors: { pem: await read("linkerd-identity-trust-roots", "ca-bundle.crt") },
  };
}

/** The default values, and the anchors of a file if one is named. */
export async function assumeMesh(options: {
  readonly version: string;
  readonly linkerdNamespace: string;
  readonly anchorsFile: string | undefined;
}): Promise<MeshFacts> {
  const { version, linkerdNamespace, anchorsFile } = options;
  const values = createValues(version, { namespace: linkerdNamespace });
  if (anchorsFile === undefined) return { values, anchors: undefined };
  const pem = await readFile(anchorsFile, "utf8").catch((cause: unknown) => {
    throw new CommandError(`Cannot read ${anchorsFile}: ${String(cause)}`, { cause });
  });
  return { values, anchors: { pem } };
}

const COMPONENTS = ["destination", "identity", "proxy-injector"] as const;

/** What adds the proxy to a template in place. It throws CommandError for pods that must not have one. */
export function createManual({
  values,
  anchors,
}: MeshFacts): (template: PodTemplate, owner: Manifest) => void {
  return (template, owner) => {
    const { metadata, kind = "" } = owner;
    const name = metadata?.name ?? metadata?.generateName ?? "";
    const label = template.metadata?.labels?.[CONTROL_PLANE_COMPONENT];
    const component = COMPONENTS.find((each) => each === label);
    const known = component === undefined ? anchors : "config-map";
    if (known === undefined)
      throw new CommandError(
        "Cannot inject by hand without a cluster: the trust anchors are not known; give --identity-trust-anchors-file",
      );
    const marks = { pod: template.metadata?.annotations, namespace: undefined };
    const settings = settingsOf(values, marks);
    const refused = reasonToRefuse(template, { settings, namespace: undefined });
    if (refused !== undefined) throw new CommandError(`${refused} (${kind.toLowerCase()}/${name})`);
    const { pod } = addProxy(template, {
      values,
      namespace: metadata?.namespace ?? "default",
      namespaceAnnotations: undefined,
      anchors: known,
      createdBy: "linkerd/cli",
      owner: kind === "Pod" ? undefined : { kind, name },
      component,
    });
    Object.assign(template, pod);
  };
}
