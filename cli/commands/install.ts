/** `install` and `install-cni`: manifests on standard output; nothing is applied. */

import { type Command, Option } from "commander";
import type { KubeClient } from "#lib/k8s/client.ts";
import { CONFIG_MAPS, SECRETS } from "#lib/k8s/resource.ts";
import type { Secret } from "#lib/k8s/types/core.ts";
import { certificatesIn, createCertificates } from "../../deploy/certificates.ts";
import { renderCni } from "../../deploy/cni.ts";
import { renderControlPlane } from "../../deploy/control-plane.ts";
import { renderCrds } from "../../deploy/crds/render.ts";
import { REDIRECTS } from "../../deploy/values/cni.ts";
import type { Overrides } from "../../deploy/values.ts";
import { ISSUER_SECRET } from "../check/config.ts";
import { CRDS, expectAll } from "../check/objects.ts";
import { addCommand, CommandError, flagsOf, type GlobalFlags } from "../command.ts";
import type { Context } from "../context.ts";
import {
  addInstallFlags,
  addValueFlags,
  given,
  type InstallFlags,
  imageAt,
  installOverrides,
  overridesOf,
  type ValueFlags,
} from "../install-flags.ts";
import { joinOverrides, valuesOf } from "../install-values.ts";
import { CONFIG, isHelms, readInstalled } from "../installed.ts";
import { printsControlPlane, writeManifest } from "../manifest.ts";
import { authorityOf, readOwnCertificates } from "../own-certificates.ts";
import { addSettingFlags, CNI_SETTINGS, CNI_TOLD, settingOverrides } from "../setting-flags.ts";

type Flags = InstallFlags & { readonly ignoreCluster?: boolean };

/** Adds `install`. */
export function addInstall(parent: Command, context: Context): void {
  const command = addInstallFlags(
    addCommand(parent, {
      usage: "install",
      summary: "Output Kubernetes configs to install Linkerd",
      details:
        "Without files for them, trust anchors, issuer and the webhooks' certificates are made anew each time; keep the output, or the files.",
      examples: [
        [
          "The custom resources first, then the control plane",
          "bunkerd install --crds | kubectl apply -f -\n  bunkerd install | kubectl apply -f -",
        ],
        [
          "The Gateway API's too, where the cluster has none",
          "bunkerd install --crds --set installGatewayAPI=true | kubectl apply -f -",
        ],
        [
          "With other values",
          "bunkerd install --set proxy.logLevel=debug -f values.yml | kubectl apply -f -",
        ],
      ],
    }),
    context,
  )
    .option(
      "--identity-external-ca",
      "Others, as trust-manager, write ConfigMap linkerd-identity-trust-roots",
    )
    .option(
      "--identity-external-issuer",
      "Others, as cert-manager, write Secret linkerd-identity-issuer; it must be there, or --identity-trust-anchors-file",
    )
    .option("--crds", "Install the custom resource definitions only")
    .option("--ignore-cluster", "Do not look into the cluster for an installation that exists");
  printsControlPlane<Flags>(command, context, async (flags) => {
    const overrides = await overridesOf(context.version, flags, installOverrides(flags));
    const values = valuesOf(context.version, overrides);
    const given = certificatesIn(values);
    const own = { ...given.own, ...(await readOwnCertificates(flags)) };
    if (flags.ignoreCluster !== true) await expectNothingInstalled(flags, context);
    const authority = await authorityOf(values, {
      own,
      secret: () => issuerSecret(flags, context),
    });
    const certificates = createCertificates({
      namespace: values.namespace,
      trustDomain: values.identityTrustDomain,
      nowMs: context.wall(),
      serving: given.serving,
    });
    return renderControlPlane(values, { ...certificates, ...authority });
  });
}

/** Others' Secret of the issuer; undefined where it is not there, or the cluster is not to be looked into. */
async function issuerSecret(
  flags: GlobalFlags & Flags,
  context: Context,
): Promise<Secret | undefined> {
  if (flags.ignoreCluster === true) return undefined;
  const { client } = await context.connect(flags);
  return await client.get(SECRETS, { name: ISSUER_SECRET, namespace: flags.linkerdNamespace });
}

async function expectNothingInstalled(flags: GlobalFlags, context: Context): Promise<void> {
  const { client } = await context.connect(flags).catch((cause: unknown) => {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new CommandError(
      `${problem}\nTo print the manifests without a cluster, use --ignore-cluster`,
      { cause },
    );
  });
  const { linkerdNamespace, cniNamespace } = flags;
  const next = await whoGoesOn(client, { namespace: linkerdNamespace, wallMs: context.wall() });
  if (next !== undefined)
    throw new CommandError(
      `Cannot install: ConfigMap linkerd-config exists in namespace ${linkerdNamespace} already; ${next} goes on with it, or use --ignore-cluster to print the manifests all the same`,
    );
  const target = {
    client,
    linkerdNamespace,
    cniNamespace,
    namespace: undefined,
    version: context.version,
    wall: context.wall,
  };
  const names = renderCrds(linkerdNamespace).map(({ metadata }) => metadata?.name ?? "");
  await expectAll(target, { resource: CRDS, names }).catch((cause: unknown) => {
    throw new CommandError(
      "Cannot install: the custom resource definitions must be installed first; run bunkerd install --crds | kubectl apply -f -",
      { cause },
    );
  });
}

/** What can go on from there, undefined where nothing can: an installation that ended before all was there that it needs is begun anew. */
async function whoGoesOn(
  client: KubeClient,
  of: { readonly namespace: string; readonly wallMs: number },
): Promise<"bunkerd upgrade" | "helm upgrade" | undefined> {
  const { namespace } = of;
  const config = await client.get(CONFIG_MAPS, { name: CONFIG, namespace });
  if (config === undefined) return undefined;
  if (isHelms(config)) return "helm upgrade";
  return await readInstalled(client, of).then(
    () => "bunkerd upgrade",
    (error: unknown) => {
      if (error instanceof CommandError) return undefined;
      throw error;
    },
  );
}

type CniFlags = ValueFlags & {
  readonly cniImage?: string;
  readonly cniImageVersion?: string;
  readonly cniLogLevel?: string;
  readonly destCniBinDir?: string;
  readonly destCniNetDir?: string;
  readonly priorityClassName?: string;
  readonly redirect?: string;
};

/** Adds `install-cni`. */
export function addInstallCni(parent: Command, context: Context): void {
  const command = addValueFlags(
    addCommand(parent, {
      usage: "install-cni",
      summary: "Output Kubernetes configs to install Linkerd CNI",
      details:
        "The node agent redirects the pods of its node to their proxies; every node needs it.",
      examples: [
        ["The node agent", "bunkerd install-cni | kubectl apply -f -"],
        ["Without eBPF", "bunkerd install-cni --redirect nft | kubectl apply -f -"],
      ],
    }),
  );
  addSettingFlags(command, context, { settings: CNI_SETTINGS, told: CNI_TOLD })
    .option("--cni-image <name>", "Image of the node agent")
    .option("--cni-image-version <tag>", "Tag of that image")
    .option("--cni-log-level <level>", "Log level of the node agent")
    .option("--dest-cni-bin-dir <folder>", "Folder on the host where CNI plugins are")
    .option("--dest-cni-net-dir <folder>", "Folder on the host where CNI configurations are")
    .option("--priority-class-name <name>", "Priority class of the node agent's pods")
    .addOption(new Option("--redirect <tier>", "How pods are redirected").choices(REDIRECTS));
  command.action(async () => {
    const flags = flagsOf<CniFlags>(command);
    const overrides = given({
      namespace: flags.linkerdNamespace,
      controllerImage: flags.cniImage ?? imageAt(flags.registry),
      controllerImageVersion: flags.cniImageVersion,
      cni: {
        namespace: flags.cniNamespace,
        logLevel: flags.cniLogLevel,
        destCNIBinDir: flags.destCniBinDir,
        destCNINetDir: flags.destCniNetDir,
        priorityClassName: flags.priorityClassName,
        redirect: flags.redirect,
      },
    }) as Overrides;
    const own = joinOverrides(overrides, settingOverrides(flags, CNI_SETTINGS));
    const values = valuesOf(context.version, await overridesOf(context.version, flags, own));
    writeManifest(renderCni(values), { output: flags.output, context });
  });
}
