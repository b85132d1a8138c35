/** The flags of `install` and its kin, and the values that they set. */

import { type Command, Option } from "commander";
import { IMAGE } from "../deploy/image/environment.ts";
import { HA, type Overrides } from "../deploy/values.ts";
import type { GlobalFlags } from "./command.ts";
import type { Context } from "./context.ts";
import { joinOverrides, readOverrides } from "./install-values.ts";
import {
  addSettingFlags,
  CONTROL_PLANE_SETTINGS,
  CONTROL_PLANE_TOLD,
  settingOverrides,
} from "./setting-flags.ts";

/** What every command that prints manifests takes. */
export type ValueFlags = {
  readonly values: readonly string[];
  readonly set: readonly string[];
  readonly setString: readonly string[];
  readonly setFile: readonly string[];
  readonly output: "yaml" | "json";
  readonly registry?: string;
};

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];

/** Declares them. */
export function addValueFlags(command: Command): Command {
  const several = (flags: string, help: string): Option =>
    new Option(flags, help).argParser(collect).default([], "none");
  return addOutputFlag(command)
    .addOption(several("-f, --values <file>", "Values in a YAML file; may be given several times"))
    .addOption(several("--set <name=value>", "Set a value; several apart by commas"))
    .addOption(several("--set-string <name=value>", "Set a value to a text"))
    .addOption(several("--set-file <name=file>", "Set a value to a file's text"))
    .option("--registry <name>", "Container registry to pull images from");
}

/** Declares how manifests are printed. */
export function addOutputFlag(command: Command): Command {
  return command.addOption(
    new Option("-o, --output <format>", "Output format").choices(["yaml", "json"]).default("yaml"),
  );
}

/** What the control plane is made of, beside files and `--set`. */
export type InstallFlags = ValueFlags & {
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
  readonly identityExternalCa?: boolean;
  readonly identityExternalIssuer?: boolean;
};

/** Declares them. */
export function addInstallFlags(command: Command, context: Context): Command {
  const flags = { settings: CONTROL_PLANE_SETTINGS, told: CONTROL_PLANE_TOLD };
  return addSettingFlags(addValueFlags(command), context, flags)
    .option(
      "--ha",
      "Three replicas of each controller, apart from each other; pods that cannot be injected are refused",
    )
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
}

/** An image at another registry. */
export function imageAt(registry: string | undefined): string | undefined {
  return registry === undefined ? undefined : `${registry}/${IMAGE.split("/").at(-1)}`;
}

/** An object without what is undefined, at any depth. */
export function given<T extends object>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

/** What the flags of their own set. */
export function installOverrides(flags: GlobalFlags & InstallFlags): Overrides {
  const image = imageAt(flags.registry);
  const replicas =
    flags.controllerReplicas === undefined ? undefined : Number(flags.controllerReplicas);
  const own = given({
    namespace: flags.linkerdNamespace,
    controllerImage: image,
    controllerReplicas: replicas,
    controllerLogLevel: flags.controllerLogLevel,
    clusterDomain: flags.clusterDomain,
    identityTrustDomain: flags.identityTrustDomain ?? flags.clusterDomain,
    identity: {
      externalCA: flags.identityExternalCa,
      issuer: {
        ...(flags.identityExternalIssuer === true && { scheme: "kubernetes.io/tls" }),
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
  const set = settingOverrides(flags, CONTROL_PLANE_SETTINGS);
  return joinOverrides(flags.ha === true ? HA : {}, joinOverrides(own, set));
}

/** What flags, files and `--set` give together. Throws CommandError where one cannot be read. */
export async function overridesOf(
  version: string,
  flags: ValueFlags,
  own: Overrides,
): Promise<Overrides> {
  const { values: files, set, setString, setFile } = flags;
  return await readOverrides({ version, flags: own, files, set, setString, setFile });
}
