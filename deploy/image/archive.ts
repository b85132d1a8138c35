/** An OCI archive of one image: what `docker load`, `ctr images import` and `skopeo copy oci-archive:` take. */

import { createHash } from "node:crypto";
import { type TarEntry, type TarTree, tar } from "./tar.ts";

/** What an image is made of. */
export interface ImageSpec {
  /** With its tag. */
  readonly name: string;
  readonly architecture: "amd64" | "arm64";
  /** From the bottom up. */
  readonly layers: readonly TarTree[];
  readonly user: string;
  readonly entrypoint: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}

const TYPE = "application/vnd.oci.image.";
/** Of what nobody knows the time of: the same content is the same image. */
const CREATED = "1970-01-01T00:00:00Z";

interface Blob {
  readonly mediaType: string;
  readonly digest: string;
  readonly bytes: Uint8Array;
}

/** The pieces of the archive one after the other (OCI image layout 1.0.0). */
export function archive(spec: ImageSpec): Generator<Uint8Array> {
  const { architecture } = spec;
  const layers = spec.layers.map((tree) => blob("layer.v1.tar", Buffer.concat([...tar(tree)])));
  const config = json("config.v1+json", {
    architecture,
    os: "linux",
    created: CREATED,
    config: {
      User: spec.user,
      Entrypoint: spec.entrypoint,
      Env: Object.entries(spec.environment).map(([name, value]) => `${name}=${value}`),
      WorkingDir: "/",
      Labels: spec.labels,
    },
    rootfs: { type: "layers", diff_ids: layers.map(({ digest }) => digest) },
    history: layers.map(() => ({ created: CREATED })),
  });
  const manifest = json("manifest.v1+json", {
    schemaVersion: 2,
    mediaType: `${TYPE}manifest.v1+json`,
    config: descriptor(config),
    layers: layers.map(descriptor),
  });
  const index = {
    schemaVersion: 2,
    mediaType: `${TYPE}index.v1+json`,
    manifests: [
      {
        ...descriptor(manifest),
        annotations: {
          "io.containerd.image.name": spec.name,
          "org.opencontainers.image.ref.name": spec.name.slice(spec.name.lastIndexOf(":") + 1),
        },
        platform: { architecture, os: "linux" },
      },
    ],
  };
  return tar(
    new Map<string, TarEntry>([
      ["oci-layout", text('{"imageLayoutVersion":"1.0.0"}')],
      ["index.json", text(JSON.stringify(index))],
      ...[...layers, config, manifest].map(
        ({ digest, bytes }) => [`blobs/${digest.replace(":", "/")}`, file(bytes)] as const,
      ),
    ]),
  );
}

function blob(kind: string, bytes: Uint8Array): Blob {
  const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  return { mediaType: TYPE + kind, digest, bytes };
}

const json = (kind: string, value: unknown): Blob => blob(kind, Buffer.from(JSON.stringify(value)));

const descriptor = ({ mediaType, digest, bytes }: Blob) => ({
  mediaType,
  digest,
  size: bytes.length,
});

const file = (bytes: Uint8Array): TarEntry => ({ type: "file", mode: 0o644, bytes });
const text = (content: string): TarEntry => file(Buffer.from(content));
