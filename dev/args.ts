/** The flags of `bunkerd dev`. */

import { parseArgs } from "node:util";
import type { Overrides } from "../deploy/values.ts";
import { parseImage } from "./manifest.ts";
import { IP_FAMILIES, type IpFamilyChoice, parseIpFamily } from "./network/ip-families.ts";

/** What `dev` is asked to do. */
export type DevCommand =
  | { readonly type: "help" }
  | { readonly type: "error"; readonly message: string }
  | { readonly type: "down" | "status" | "kubeconfig"; readonly name: string }
  | ({ readonly type: "up"; readonly name: string } & UpFlags);

/** Flags of `up`. */
export type UpFlags = {
  readonly files: readonly string[];
  readonly images: ReadonlyMap<string, string>;
  readonly overrides: Overrides;
  readonly ipFamily: IpFamilyChoice;
  readonly verbose: boolean;
};

/** Text of `bunkerd dev --help`. */
export const HELP: string = `Runs a whole mesh on this machine, without Kubernetes: an API that kubectl speaks to, pods as
processes in network namespaces, and the mesh installed from its own manifests. Needs root.

Usage:
  bunkerd dev up [-f FILE]... [flags]   brings an instance up and stays; Ctrl-C ends it and removes everything
  bunkerd dev down [--name NAME]        ends an instance, also one whose process was killed, and removes what it left
  bunkerd dev status [--name NAME]      what runs
  bunkerd dev kubeconfig [--name NAME]  the path of its kubeconfig

Flags:
  -f, --file FILE           YAML of the application; repeat for more
      --image NAME=PROGRAM  the program of this machine that stands for an image; the annotation
                            dev.bunkerd.io/images on any object of the YAML says the same
      --redirect MODE       auto, ebpf, nft or iptables (default auto)
      --ip-family FAMILY    addresses of pods and Services: ipv4, ipv6 or dual (default ipv4); in dual a
                            Service has both where its ipFamilyPolicy says so
      --issuance-lifetime D how long certificates of pods last (default 24h)
      --name NAME           name of the instance (default dev)
      --verbose             shows the log of the machinery

Examples:
  # A mesh with an application; then, in another terminal, kubectl
  sudo bunkerd dev up -f app.yml --image web=./web.js
  export KUBECONFIG=$(sudo bunkerd dev kubeconfig)
  kubectl get pods

  # The same without eBPF
  sudo bunkerd dev up -f app.yml --redirect nft
`;

const OPTIONS = {
  file: { type: "string", short: "f", multiple: true },
  image: { type: "string", multiple: true },
  redirect: { type: "string" },
  "ip-family": { type: "string" },
  "issuance-lifetime": { type: "string" },
  name: { type: "string" },
  verbose: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/** Parses the words after `dev`; relative programs are looked for in `folder`. Never throws. */
export function parseDev(words: readonly string[], folder: string): DevCommand {
  try {
    return parse(words, folder);
  } catch (error) {
    return { type: "error", message: error instanceof Error ? error.message : String(error) };
  }
}

function parse(words: readonly string[], folder: string): DevCommand {
  const { values, positionals } = parseArgs({
    args: [...words],
    options: OPTIONS,
    allowPositionals: true,
  });
  const [command, ...rest] = positionals;
  if (values.help === true || command === undefined) return { type: "help" };
  if (rest.length > 0) throw new Error(`unexpected argument ${rest[0]}`);
  const name = values.name ?? "dev";
  switch (command) {
    case "down":
    case "status":
    case "kubeconfig":
      return { type: command, name };
    case "up":
      return { type: "up", name, ...upFlags(values, folder) };
    default:
      throw new Error(`unknown command ${command}; the commands are up, down, status, kubeconfig`);
  }
}

type Values = {
  readonly file?: string[];
  readonly image?: string[];
  readonly redirect?: string;
  readonly "ip-family"?: string;
  readonly "issuance-lifetime"?: string;
  readonly verbose?: boolean;
};

function upFlags(values: Values, folder: string): UpFlags {
  const { redirect, "issuance-lifetime": issuanceLifetime } = values;
  return {
    files: values.file ?? [],
    images: new Map((values.image ?? []).map((text) => parseImage(text, folder))),
    overrides: {
      ...(redirect !== undefined && { cni: { redirect } as Overrides["cni"] }),
      ...(issuanceLifetime !== undefined && { identity: { issuer: { issuanceLifetime } } }),
    } as Overrides,
    ipFamily: ipFamilyOf(values["ip-family"]),
    verbose: values.verbose === true,
  };
}

function ipFamilyOf(text = "ipv4"): IpFamilyChoice {
  const choice = parseIpFamily(text);
  if (choice !== undefined) return choice;
  throw new Error(`--ip-family is ${text}; it can be ${IP_FAMILIES.join(", ")}`);
}
