/** Anchors and issuer of the user's own, out of files: all for an installation, either for an upgrade. */

import { createPrivateKey, X509Certificate } from "node:crypto";
import { anchorOf, isAmbiguous, readTrustBundle } from "#lib/identity/trust-bundle.ts";
import { fromPem } from "#lib/x509/pem.ts";
import type { Certificates } from "../deploy/certificates.ts";
import { CommandError } from "./command.ts";
import type { InstallFlags } from "./install-flags.ts";
import { read } from "./install-values.ts";

/** What the mesh's identities live by. */
export type IdentityCertificates = Pick<Certificates, "anchorsPem" | "issuer">;

/** What flags name, and nothing else; the issuer's certificate and key come together. Throws CommandError. */
export async function readOwnCertificates(
  flags: InstallFlags,
): Promise<Partial<IdentityCertificates>> {
  const {
    identityTrustAnchorsFile: anchorsFile,
    identityIssuerCertificateFile: crtFile,
    identityIssuerKeyFile: keyFile,
  } = flags;
  if ((crtFile === undefined) !== (keyFile === undefined))
    throw new CommandError(
      "Cannot use own issuer: --identity-issuer-certificate-file and --identity-issuer-key-file belong together",
    );
  return {
    ...(anchorsFile !== undefined && { anchorsPem: await read(anchorsFile) }),
    ...(crtFile !== undefined &&
      keyFile !== undefined && {
        issuer: { crtPem: await read(crtFile), keyPem: await read(keyFile) },
      }),
  };
}

/** All of them, or undefined where no flag names one. Throws CommandError where some are missing. */
export async function readAllOwnCertificates(
  flags: InstallFlags,
): Promise<IdentityCertificates | undefined> {
  const { anchorsPem, issuer } = await readOwnCertificates(flags);
  if (anchorsPem === undefined && issuer === undefined) return undefined;
  if (anchorsPem === undefined || issuer === undefined)
    throw new CommandError(
      "Cannot use own certificates: --identity-trust-anchors-file, --identity-issuer-certificate-file and --identity-issuer-key-file belong together",
    );
  return { anchorsPem, issuer };
}

/** Throws CommandError where the identity service could not use these: it would go on with what it has. */
export function expectFit({ anchorsPem, issuer }: IdentityCertificates): void {
  const problem = problemOf({ anchorsPem, issuer });
  if (problem !== undefined) throw new CommandError(`Cannot use certificates: ${problem}`);
}

function problemOf({ anchorsPem, issuer }: IdentityCertificates): string | undefined {
  try {
    const chain = fromPem("CERTIFICATE", issuer.crtPem).map((der) => new X509Certificate(der));
    const [first] = chain;
    if (first === undefined) return "there is none in the issuer's file";
    if (!first.checkPrivateKey(createPrivateKey(issuer.keyPem)))
      return "the issuer's certificate and key do not belong together";
    const bundle = readTrustBundle(anchorsPem);
    if (anchorOf(chain, bundle) === undefined)
      return "the issuer does not chain to a trust anchor; while an anchor is replaced, the file of anchors holds the old and the new one until the new issuer is in place";
    return isAmbiguous(chain, bundle)
      ? "several trust anchors have the name of the issuer's own, and it does not say which it is by; sign it again, with the extension authorityKeyIdentifier=keyid"
      : undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
