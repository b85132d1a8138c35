/** Anchors and issuer of the user's own, out of files, or others': all for an installation, either for an upgrade. */

import { createPrivateKey, X509Certificate } from "node:crypto";
import { anchorOf, isAmbiguous, readTrustBundle } from "#lib/identity/trust-bundle.ts";
import type { Secret } from "#lib/k8s/types/core.ts";
import { fromPem } from "#lib/x509/pem.ts";
import { signerProblem } from "#lib/x509/sign.ts";
import type { Certificates, OwnAuthority } from "../deploy/certificates.ts";
import type { Values } from "../deploy/values.ts";
import { CommandError } from "./command.ts";
import type { InstallFlags } from "./install-flags.ts";
import { read } from "./install-values.ts";

/** What flags name, and nothing else; the issuer's certificate and key come together. Throws CommandError. */
export async function readOwnCertificates(flags: InstallFlags): Promise<Partial<OwnAuthority>> {
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

/** Whose anchors and issuer an installation lives by; parts are missing that are to be made. */
export type Authority = Partial<Pick<Certificates, "anchorsPem" | "issuer">>;

/**
 * What there is of the user's own and of others'. Where others write the Secret of the issuer, there is none in the
 * manifests, and the anchors are those of that Secret (cert-manager's `ca.crt`) unless they are given or others' too.
 * Throws CommandError where that does not come together, or cannot be used.
 */
export async function authorityOf(
  values: Values,
  {
    own,
    secret,
  }: {
    readonly own: Partial<OwnAuthority>;
    /** Reads others' Secret. */
    readonly secret: () => Promise<Secret | undefined>;
  },
): Promise<Authority> {
  const { anchorsPem, issuer } = own;
  const { externalCA } = values.identity;
  const isIssuersLeft = values.identity.issuer.scheme === "kubernetes.io/tls" && !issuer;
  if (externalCA && anchorsPem !== undefined)
    throw new CommandError(
      "Cannot use --identity-trust-anchors-file: with --identity-external-ca others write the anchors",
    );
  if (isIssuersLeft)
    return {
      issuer: undefined,
      anchorsPem: anchorsPem ?? (externalCA ? "" : caOf(await secret())),
    };
  if (externalCA && issuer === undefined)
    throw new CommandError(
      "Cannot make an issuer: with --identity-external-ca its anchor is others'; use --identity-external-issuer, or --identity-issuer-certificate-file and --identity-issuer-key-file",
    );
  if (!externalCA && (anchorsPem === undefined) !== (issuer === undefined))
    throw new CommandError(
      "Cannot use own certificates: --identity-trust-anchors-file, --identity-issuer-certificate-file and --identity-issuer-key-file belong together",
    );
  if (anchorsPem !== undefined && issuer !== undefined) expectFit({ anchorsPem, issuer });
  return own;
}

function caOf(secret: Secret | undefined): string {
  const ca = secret?.data?.["ca.crt"];
  if (ca !== undefined) return Buffer.from(ca, "base64").toString();
  throw new CommandError(
    "Cannot find the trust anchors: Secret linkerd-identity-issuer with ca.crt must be there first with --identity-external-issuer, or name them by --identity-trust-anchors-file",
  );
}

/** Throws CommandError where manifests would write what is not known here: others wrote it, and are to do so no longer. */
export function expectWritable(
  { identity }: Values,
  { anchorsPem, issuer }: Pick<Certificates, "anchorsPem" | "issuer">,
): void {
  if (!identity.externalCA && anchorsPem === "")
    throw new CommandError(
      "Cannot write trust anchors: others wrote them, and they are not in sight; name them by --identity-trust-anchors-file",
    );
  if (issuer === undefined && identity.issuer.scheme !== "kubernetes.io/tls")
    throw new CommandError(
      "Cannot write an issuer's Secret: others wrote it; give its certificate by --identity-issuer-certificate-file and --identity-issuer-key-file",
    );
}

/** Throws CommandError where the identity service could not use these: it would go on with what it has. */
export function expectFit({ anchorsPem, issuer }: OwnAuthority): void {
  const problem = problemOf({ anchorsPem, issuer });
  if (problem !== undefined) throw new CommandError(`Cannot use certificates: ${problem}`);
}

function problemOf({ anchorsPem, issuer }: OwnAuthority): string | undefined {
  try {
    const chain = fromPem("CERTIFICATE", issuer.crtPem).map((der) => new X509Certificate(der));
    const [first] = chain;
    if (first === undefined) return "there is none in the issuer's file";
    const key = createPrivateKey(issuer.keyPem);
    if (!first.checkPrivateKey(key))
      return "the issuer's certificate and key do not belong together";
    const keyProblem = signerProblem(key);
    if (keyProblem !== undefined) return `the issuer's ${keyProblem}`;
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
