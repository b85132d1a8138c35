/** A pod's volumes as folders of this machine. */

import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, normalize, relative } from "node:path";
import type { ConfigMap, Pod, Secret, Volume } from "#lib/k8s/types/core.ts";
import type { Addresses } from "./cni.ts";
import { fieldOf } from "./environment.ts";

/** What volumes are made of. */
export type VolumeSource = {
  readonly pod: Pod;
  readonly podIps: Addresses;
  readonly nodeIps: Addresses;
  /** Where this pod's volumes live. */
  readonly folder: string;
  configMap(name: string): ConfigMap | undefined;
  secret(name: string): Secret | undefined;
  /** A token of the pod's ServiceAccount. */
  token(request: { readonly audience: string | undefined; readonly seconds: number }): string;
  /** Where a path of the node is on this machine. */
  hostPath(path: string): string;
  readonly wallMs: number;
};

/** A file's text or bytes. */
type Content = string | Uint8Array;
type Files = Map<string, () => Content>;

/** Tokens are made anew when this share of their life is over, as the kubelet does. */
const TOKEN_SHARE = 0.8;
const TOKEN_SECONDS = 3_600;

/**
 * Makes or refreshes the volumes; returns their folders by name. Files change by rename, and only where their content
 * does. Throws where a ConfigMap, a Secret or a key that is not optional is missing.
 */
export function prepareVolumes(source: VolumeSource): Map<string, string> {
  const volumes = source.pod.spec?.volumes ?? [];
  return new Map(volumes.map((volume) => [volume.name, prepare(volume, source)]));
}

function prepare(volume: Volume, source: VolumeSource): string {
  const { hostPath, emptyDir } = volume;
  if (hostPath !== undefined) {
    const path = source.hostPath(hostPath.path);
    if (hostPath.type !== "File" && hostPath.type !== "Socket")
      mkdirSync(path, { recursive: true });
    return path;
  }
  const folder = `${source.folder}/${volume.name}`;
  mkdirSync(folder, { recursive: true });
  // For every user of the pod, as the kubelet makes it; mkdir's own mode is cut by the umask.
  if (emptyDir !== undefined) chmodSync(folder, 0o777);
  else refuseUnknown(volume);
  const files = filesOf(volume, source);
  for (const [path, content] of files) write(`${folder}/${path}`, content);
  if (emptyDir === undefined) removeOthers(folder, files);
  return folder;
}

function refuseUnknown({ name, configMap, secret, projected, downwardAPI }: Volume): void {
  if ((configMap ?? secret ?? projected ?? downwardAPI) === undefined)
    throw new Error(`Cannot mount volume ${name}: its kind is not offered in dev mode`);
}

/** Keys that are gone take their files along. */
function removeOthers(folder: string, files: Files): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = `${entry.parentPath}/${entry.name}`;
    if (
      entry.isFile() &&
      ![...files.keys()].some((each) => normalize(each) === relative(folder, path))
    )
      rmSync(path);
  }
}

function filesOf(volume: Volume, source: VolumeSource): Files {
  const { configMap, secret, projected, downwardAPI } = volume;
  const files: Files = new Map();
  if (configMap !== undefined) addConfigMap(files, { ...configMap, source });
  if (secret !== undefined) addSecret(files, { ...secret, name: secret.secretName, source });
  if (downwardAPI !== undefined) addFields(files, downwardAPI.items, source);
  for (const part of projected?.sources ?? []) {
    if (part.configMap !== undefined) addConfigMap(files, { ...part.configMap, source });
    if (part.secret !== undefined) addSecret(files, { ...part.secret, source });
    if (part.downwardAPI !== undefined) addFields(files, part.downwardAPI.items, source);
    const token = part.serviceAccountToken;
    if (token !== undefined) addToken(files, { ...token, volume: volume.name, source });
  }
  return files;
}

type Keyed = {
  readonly name?: string | undefined;
  readonly optional?: boolean | undefined;
  readonly items?: readonly { readonly key: string; readonly path: string }[] | undefined;
  readonly source: VolumeSource;
};

function addConfigMap(files: Files, wanted: Keyed): void {
  const found = wanted.source.configMap(wanted.name ?? "");
  const binary = Object.entries(found?.binaryData ?? {}).map(
    ([key, value]) => [key, Buffer.from(value, "base64")] as const,
  );
  const data = found && new Map<string, Content>([...Object.entries(found.data ?? {}), ...binary]);
  addKeys(files, wanted, { kind: "ConfigMap", data });
}

function addSecret(files: Files, wanted: Keyed): void {
  const found = wanted.source.secret(wanted.name ?? "");
  const data =
    found &&
    new Map<string, Content>(
      Object.entries(found.data ?? {}).map(([key, value]) => [key, Buffer.from(value, "base64")]),
    );
  addKeys(files, wanted, { kind: "Secret", data });
}

function addKeys(
  files: Files,
  { name, optional, items }: Keyed,
  { kind, data }: { readonly kind: string; readonly data: Map<string, Content> | undefined },
): void {
  if (data === undefined) {
    if (optional === true) return;
    throw new Error(`Cannot mount ${kind} ${name}: there is none of that name`);
  }
  const wanted = items ?? [...data.keys()].map((key) => ({ key, path: key }));
  for (const { key, path } of wanted) {
    const content = data.get(key);
    if (content !== undefined) files.set(path, () => content);
    else if (optional !== true)
      throw new Error(`Cannot mount ${kind} ${name}: it has no key ${key}`);
  }
}

type FieldItems = readonly {
  readonly path: string;
  readonly fieldRef?: { readonly fieldPath: string };
}[];

function addFields(files: Files, items: FieldItems | undefined, source: VolumeSource): void {
  for (const { path, fieldRef } of items ?? [])
    if (fieldRef !== undefined) files.set(path, () => fieldOf(fieldRef.fieldPath, source));
}

type TokenItem = {
  readonly path: string;
  readonly audience?: string;
  readonly expirationSeconds?: number;
  readonly volume: string;
  readonly source: VolumeSource;
};

function addToken(
  files: Files,
  { path, audience, expirationSeconds, volume, source }: TokenItem,
): void {
  const seconds = expirationSeconds ?? TOKEN_SECONDS;
  const file = `${source.folder}/${volume}/${path}`;
  files.set(path, () => {
    const age = source.wallMs - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0);
    if (age < seconds * 1_000 * TOKEN_SHARE) return readFileSync(file);
    return source.token({ audience, seconds });
  });
}

function write(path: string, content: () => Content): void {
  const bytes = Buffer.from(content());
  if (
    statSync(path, { throwIfNoEntry: false })?.size === bytes.length &&
    readFileSync(path).equals(bytes)
  )
    return;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, bytes, { mode: 0o644 });
  renameSync(`${path}.new`, path);
}
