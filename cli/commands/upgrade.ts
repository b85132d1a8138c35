/** `upgrade`: the manifests of this version, with the values and certificates of the installation that is there. */

import type { Command } from "commander";
import { certificatesIn } from "../../deploy/certificates.ts";
import { renderControlPlane } from "../../deploy/control-plane.ts";
import type { Overrides, Values } from "../../deploy/values.ts";
import { addCommand, type GlobalFlags } from "../command.ts";
import type { Context } from "../context.ts";
import { readInputs } from "../inject/input.ts";
import { objectsIn } from "../inject/workload.ts";
import {
  addInstallFlags,
  type InstallFlags,
  installOverrides,
  overridesOf,
} from "../install-flags.ts";
import { joinOverrides, valuesOf } from "../install-values.ts";
import { type Installation, inManifests, readInstalled } from "../installed.ts";
import { printsControlPlane } from "../manifest.ts";
import { expectFit, expectWritable, readOwnCertificates } from "../own-certificates.ts";

type Flags = InstallFlags & { readonly force?: boolean; readonly fromManifests?: string };

/** What is installed: in the cluster, or as manifests say. */
async function installation(flags: GlobalFlags & Flags, context: Context): Promise<Installation> {
  const { fromManifests: file } = flags;
  if (file === undefined) return (await context.connect(flags)).client;
  const documents = await readInputs([file], { stdin: context.terminal.stdin });
  return inManifests(documents.flatMap((document) => objectsIn(document)));
}

/** Whether others are to write the Secret of the issuer from now on: it cannot change its type. */
function leavesIssuer({ identity }: Overrides, values: Values): boolean {
  const { scheme } = values.identity.issuer;
  return scheme === "kubernetes.io/tls" && identity?.issuer?.scheme !== scheme;
}

/** Adds `upgrade`. */
export function addUpgrade(parent: Command, context: Context): void {
  const command = addInstallFlags(
    addCommand(parent, {
      usage: "upgrade",
      summary: "Output Kubernetes configs to upgrade an existing Linkerd control plane",
      details:
        "What was set when the mesh was installed stays set; flags and files change it. Certificates stay as they are, unless files name others; new ones are used without a restart. Proxies are of the new version once their pods are restarted.",
      examples: [
        [
          "The custom resources first, then the control plane, then what is no longer needed",
          "bunkerd upgrade --crds | kubectl apply -f -\n  bunkerd upgrade | kubectl apply -f -\n  bunkerd prune | kubectl delete -f -",
        ],
        [
          "Replace a trust anchor: trust the new one beside the old one, change the issuer, drop the old one",
          "bunkerd upgrade --identity-trust-anchors-file both.pem | kubectl apply -f -\n  bunkerd check --proxy\n  bunkerd upgrade --identity-issuer-certificate-file issuer.crt --identity-issuer-key-file issuer.key | kubectl apply -f -\n  bunkerd check --proxy\n  bunkerd upgrade --identity-trust-anchors-file new.pem | kubectl apply -f -",
        ],
        ["Change a value", "bunkerd upgrade --set proxy.logLevel=debug | kubectl apply -f -"],
      ],
    }),
    context,
  )
    .option("--crds", "Upgrade the custom resource definitions only")
    .option("--force", "Do not ask whether certificates fit together")
    .option(
      "--from-manifests <file>",
      "Read the installation from what was applied instead of from the cluster; - is standard input",
    );
  printsControlPlane<Flags>(command, context, async (flags) => {
    const client = await installation(flags, context);
    const before = await readInstalled(client, {
      namespace: flags.linkerdNamespace,
      wallMs: context.wall(),
    });
    const given = await overridesOf(context.version, flags, installOverrides(flags));
    const values = valuesOf(context.version, joinOverrides(before.overrides, given));
    const { own, serving } = certificatesIn(values);
    const identity = { ...own, ...(await readOwnCertificates(flags)) };
    const isLeft = leavesIssuer(before.overrides, values);
    const certificates = {
      ...before.certificates,
      ...(isLeft && { issuer: undefined }),
      ...{ ...identity, ...serving },
    };
    expectWritable(values, certificates);
    const { anchorsPem, issuer } = certificates;
    const isNew = Object.keys(identity).length > 0 && flags.force !== true;
    if (isNew && issuer !== undefined && anchorsPem !== "") expectFit({ anchorsPem, issuer });
    return renderControlPlane(values, certificates);
  });
}
