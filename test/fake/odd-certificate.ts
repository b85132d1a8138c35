/** Certificates that our own authority would never make, by openssl: of any names, usages and extensions. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { spawnSync } from "bun";
import type { FakeAuthority } from "./authority.ts";

/** What is odd about one; values as in openssl's x509v3_config(5). */
export interface OddCertificate {
  /** `DNS:a,URI:spiffe://b`, or `@s` and a section `[s]` in lines of its own; none where it is not said. */
  readonly names?: string;
  /** Further extensions, by name. */
  readonly extensions?: Readonly<Record<string, string>>;
  /** Of the subject; `odd` unless said. */
  readonly commonName?: string;
  /** As openssl takes it; by chance unless said. */
  readonly serial?: string;
  /** `EC` by P-256 unless said. */
  readonly key?: readonly string[];
  /** Who signs it instead of the authority: a key and a certificate with its chain, PEM. */
  readonly signer?: { readonly keyPem: string; readonly chainPem: string };
}

/** A key and a certificate with the chain of its signer. */
export interface OddIssued {
  readonly keyPem: string;
  /** The leaf first. */
  readonly chainPem: string;
}

/** Issues one. Throws with what openssl says. */
export function issueOdd(authority: FakeAuthority, odd: OddCertificate): OddIssued {
  const dir = mkdtempSync(`${tmpdir()}/odd-`);
  try {
    const { keyPem, chainPem } = odd.signer ?? authority.issuer;
    const path = (name: string): string => `${dir}/${name}`;
    writeFileSync(path("ca.key"), keyPem);
    writeFileSync(path("ca.pem"), chainPem);
    const extensions = Object.entries({
      authorityKeyIdentifier: "keyid",
      ...odd.extensions,
      // At the end, as it may bring a section of its own.
      ...(odd.names !== undefined && { subjectAltName: odd.names }),
    });
    const lines = extensions.map(([name, value]) => `${name}=${value}\n`);
    writeFileSync(path("extensions"), `[e]\n${lines.join("")}`);
    const key = odd.key ?? ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"];
    openssl("genpkey", ...key, "-out", path("leaf.key"));
    const subject = `/CN=${odd.commonName ?? "odd"}`;
    openssl("req", "-new", "-key", path("leaf.key"), "-subj", subject, "-out", path("leaf.csr"));
    openssl(
      ...["x509", "-req", "-in", path("leaf.csr"), "-out", path("leaf.pem"), "-days", "1"],
      ...["-CA", path("ca.pem"), "-CAkey", path("ca.key"), "-extfile", path("extensions")],
      ...["-extensions", "e"],
      ...(odd.serial === undefined ? ["-CAcreateserial"] : ["-set_serial", odd.serial]),
    );
    const leaf = readFileSync(path("leaf.pem"), "utf8");
    const above = odd.signer === undefined ? "" : chainPem;
    return { keyPem: readFileSync(path("leaf.key"), "utf8"), chainPem: leaf + above };
  } finally {
    rmSync(dir, { recursive: true });
  }
}

function openssl(...words: readonly string[]): void {
  const { exitCode, stderr } = spawnSync(["openssl", ...words]);
  if (exitCode !== 0) throw new Error(`Cannot make a certificate: ${stderr.toString()}`);
}
