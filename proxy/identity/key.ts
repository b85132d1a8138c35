/** The workload's key and signing request, on the tmpfs of the pod: found there, or made and put there. */

import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { buildRequest } from "#lib/x509/request.ts";

/** A key, and the request that asks for its certificate. */
export interface WorkloadKey {
  readonly keyPem: string;
  readonly csrDer: Uint8Array;
}

/** Reads `key.p8` and `csr.der` of a folder, as Linkerd's entrypoint leaves them, or makes both for the name. */
export async function workloadKey(dir: string, name: string): Promise<WorkloadKey> {
  const [key, csr] = await Promise.all([
    readIfThere(`${dir}/key.p8`),
    readIfThere(`${dir}/csr.der`),
  ]);
  if (key !== undefined && csr !== undefined) {
    const known = createPrivateKey({ key: Buffer.from(key), format: "der", type: "pkcs8" });
    return { keyPem: pemOf(known), csrDer: csr };
  }
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const signer = (bytes: Uint8Array): Uint8Array => sign("sha256", bytes, privateKey);
  const csrDer = buildRequest(name, { publicKey: createPublicKey(privateKey), sign: signer });
  await mkdir(dir, { recursive: true });
  const owner = { mode: 0o600 };
  await Promise.all([
    writeFile(`${dir}/key.p8`, privateKey.export({ format: "der", type: "pkcs8" }), owner),
    writeFile(`${dir}/csr.der`, csrDer, owner),
  ]);
  return { keyPem: pemOf(privateKey), csrDer };
}

function pemOf(key: KeyObject): string {
  return key.export({ format: "pem", type: "pkcs8" }).toString();
}

/** The bytes of a file that is there and not empty. */
async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    const bytes = await readFile(path);
    return bytes.length > 0 ? Uint8Array.from(bytes) : undefined;
  } catch {
    return undefined;
  }
}
