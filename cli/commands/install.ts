/** `install` and `install-cni`: manifests on standard output; nothing is applied. */

import { type Command, Option } from "commander";
import { CONFIG_MAPS } from "#lib/k8s/resource.ts";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import { createCertificates } from "../../deploy/certificates.ts";
import { renderCni } from "../../deploy/cni.ts";
import { renderControlPlane } from "../../deploy/control-plane.ts";
import { renderCrds } from "../../deploy/crds/render.ts";
import { IMAGE } from "../../deploy/image.ts";
import { type Overrides, REDIRECTS, type Values } from "../../deploy/values.ts";
import { CRDS, expectAll } from "../check/objects.ts";
import { addCommand, CommandError, flagsOf, type GlobalFlags } from "../command.ts";
import type { Context } from "../context.ts";
import { writeDocument } from "../inject/yaml.ts";
import { read, readValueSources } from "../install-values.ts";

type ValueFlags = {
  readonly values: readonly string[];
  readonly set: readonly string[];
  readonly setString: readonly string[];
  readonly setFile: readonly string[];
  readonly output: "yaml" | "json";
  readonly registry?: string;
};

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];

function addValueFlags(command: Command): Command {
  const several = (flags: string, help: string): Option =>
    new Option(flags, help).argParser(collect).default([], "none");
  return command
    .addOption(several("-f, --values <file>", "Values in a YAML file; may be given several times"))
    .addOption(several("--set <name=value>", "Set a value; several apart by commas"))
    .addOption(several("--set-string <name=value>", "Set a value to a text"))
    .addOption(several("--set-file <name=file>", "Set a value to a file's text"))
    .option("--registry <name>", "Container registry to pull images from")
    .addOption(
      new Option("-o, --output <format>", "Output format")
        .choices(["yaml", "json"])
        .default("yaml"),
    );
}

function write(objects: readonly KubeObject[], { flags, context }: Writing): void {
  const texts = objects.map((object) =>
    flags.output === "json"
      ? `${JSON.stringify(object, undefined, 2)}\n`
      : `---\n${writeDocument(JSON.parse(JSON.stringify(object)))}`,
  );
  context.terminal.write(texts.join(""));
}

type Writing = { readonly flags: ValueFlags; readonly context: Context };

type InstallFlags = ValueFlags & {
  readonly crds?: boolean;
  readonly ignoreCluster?: boolean;
  readonly ha?: boolean;
  readonly controllerReplicas?: string;
  readonly controllerLogLevel?: string;
  readonly clusterDomain?: string;
  readonly identityTrustDomain?: string;
  readonly identityIssuanceLifetime?: string;
  readonly identityClockSkewAllowance?: string;
  readonly identityTrustAnchorsFile?: string;
  readonly identityIssuerCertificateFile?: string;
  readonly identityIssuerKeyFile?: string;
  readonly defaultInboundPolicy?: string;
  readonly proxyLogLevel?: string;
};

/** Adds `install`. */
export function addInstall(parent: Command, context: Context): void {
  const command = addValueFlags(
    addCommand(parent, {
      usage: "install",
      summary: "Output Kubernetes configs to install Linkerd",
      details:
        "Without files for them, trust anchors, issuer and the webhook's certificate are made anew each time; keep the output, or the files.",
      examples: [
        [
          "The custom resources first, then the control plane",
          "bunkerd install --crds | kubectl apply -f -\n  bunkerd install | kubectl apply -f -",
        ],
        [
          "With other values",
          "bunkerd install --set proxy.logLevel=debug -f values.yml | kubectl apply -f -",
        ],
      ],
    }),
  )
    .option("--crds", "Install the custom resource definitions only")
    .option("--ignore-cluster", "Do not look into the cluster for an installation that exists")
    .option("--ha", "Three replicas of each controller; pods that cannot be injected are refused")
    .option("--controller-replicas <number>", "Replicas of each controller")
    .option("--controller-log-level <level>", "Log level of the controllers")
    .option("--cluster-domain <domain>", "Kubernetes cluster domain")
    .option("--identity-trust-domain <domain>", "Domain of the identities of workloads")
    .option("--identity-issuance-lifetime <duration>", "How long certificates hold")
    .option("--identity-clock-skew-allowance <duration>", "How far clocks may differ")
    .option("--identity-trust-anchors-file <file>", "PEM of the trust anchors")
    .option("--identity-issuer-certificate-file <file>", "PEM of the issuer's certificate")
    .option("--identity-issuer-key-file <file>", "PEM of the issuer's key")
    .option("--default-inbound-policy <policy>", "Inbound policy where none is set")
    .option("--proxy-log-level <level>", "Log level of the proxies");
  command.action(async () => {
    const flags = flagsOf<InstallFlags>(command);
    if (flags.crds === true) {
      write(renderCrds(), { flags, context });
      return;
    }
    const values = await readValues(flags, { context, flags: installOverrides(flags) });
    const own = await readOwnCertificates(flags);
    if (flags.ignoreCluster !== true) await expectNothingInstalled(flags, context);
    const certificates = createCertificates({
      namespace: values.namespace,
      trustDomain: values.identityTrustDomain,
      nowMs: context.wall(),
      own,
    });
    write(renderControlPlane(values, certificates), { flags, context });
  });
}

async function readValues(
  sources: ValueFlags,
  { context, flags }: { readonly context: Context; readonly flags: Overrides },
): Promise<Values> {
  const { values: files, set, setString, setFile } = sources;
  return await readValueSources({
    version: context.version,
    flags,
    files,
    set,
    setString,
    setFile,
  });
}

/** An image at another registry. */
function imageAt(registry: string | undefined): string | undefined {
  return registry === undefined ? undefined : `${registry}/${IMAGE.split("/").at(-1)}`;
}

/** An object without what is undefined, at any depth. */
function given<T extends object>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

function installOverrides(flags: GlobalFlags & InstallFlags): Overrides {
  const image = imageAt(flags.registry);
  const ha = flags.ha === true;
  const replicas =
    flags.controllerReplicas === undefined ? undefined : Number(flags.controllerReplicas);
  return given({
    namespace: flags.linkerdNamespace,
    controllerImage: image,
    controllerReplicas: replicas ?? (ha ? 3 : undefined),
    webhookFailurePolicy: ha ? "Fail" : undefined,
    controllerLogLevel: flags.controllerLogLevel,
    clusterDomain: flags.clusterDomain,
    identityTrustDomain: flags.identityTrustDomain ?? flags.clusterDomain,
    identity: {
      issuer: {
        issuanceLifetime: flags.identityIssuanceLifetime,
        clockSkewAllowance: flags.identityClockSkewAllowance,
      },
    },
    proxy: {
      image: { name: image },
      defaultInboundPolicy: flags.defaultInboundPolicy,
      logLevel: flags.proxyLogLevel,
    },
    cni: { namespace: flags.cniNamespace },
  }) as Overrides;
}

type OwnCertificates = Parameters<typeof createCertificates>[0]["own"];

async function readOwnCertificates(flags: InstallFlags): Promise<OwnCertificates> {
  const files = [
    flags.identityTrustAnchorsFile,
    flags.identityIssuerCertificateFile,
    flags.identityIssuerKeyFile,
  ];
  const named = files.filter((file) => file !== undefined);
  if (named.length === 0) return undefined;
  if (named.length < files.length)
    throw new CommandError(
      "Cannot use own certificates: --identity-trust-anchors-file, --identity-issuer-certificate-file and --identity-issuer-key-file belong together",
    );
  const [anchorsPem = "", crtPem = "", keyPem = ""] = await Promise.all(named.map(read));
  return { anchorsPem, issuer: { crtPem, keyPem } };
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
  const found = await client.get(CONFIG_MAPS, {
    name: "linkerd-config",
    namespace: linkerdNamespace,
  });
  if (found !== undefined)
    throw new CommandError(
      `Cannot install: ConfigMap linkerd-config exists in namespace ${linkerdNamespace} already; use --ignore-cluster to print the manifests all the same`,
    );
  const target = {
    client,
    linkerdNamespace,
    cniNamespace,
    namespace: undefined,
    version: context.version,
    wall: context.wall,
  };
  const names = renderCrds().map(({ metadata }) => metadata?.name ?? "");
  await expectAll(target, { resource: CRDS, names }).catch((cause: unknown) => {
    throw new CommandError(
      "Cannot install: the custom resource definitions must be installed first; run bunkerd install --crds | kubectl apply -f -",
      { cause },
    );
  });
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
  )
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
    write(renderCni(await readValues(flags, { context, flags: overrides })), { flags, context });
  });
}
