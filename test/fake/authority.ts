/** A certificate authority for tests: anchors, and leaves of any age. */

import {
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign as signWith,
} from "node:crypto";
import { keyIdOf } from "#lib/x509/key-id.ts";
import { toPem } from "#lib/x509/pem.ts";
import { signCertificate } from "#lib/x509/sign.ts";

const HOUR_MS = 3_600_000;

/** A key and its certificate. */
export interface Issued {
  readonly keyPem: string;
  readonly chainPem: string;
  readonly der: Uint8Array;
}

const newPair = (): { readonly privateKey: KeyObject; readonly publicKey: KeyObject } =>
  generateKeyPairSync("ec", { namedCurve: "P-256" });
const pemOf = (key: KeyObject): string => key.export({ format: "pem", type: "pkcs8" }).toString();
const issued = (key: KeyObject, der: Uint8Array): Issued => ({
  keyPem: pemOf(key),
  chainPem: toPem("CERTIFICATE", der),
  der,
});

/** Issues what tests need. */
export class FakeAuthority {
  readonly anchorsPem: string;
  readonly #key: KeyObject;
  readonly #name: string;

  constructor(name = "root", key: KeyObject = newPair().privateKey) {
    this.#key = key;
    this.#name = name;
    this.anchorsPem = toPem(
      "CERTIFICATE",
      this.#sign(name, createPublicKey(key), { authority: true, lifetimeMs: HOUR_MS }),
    );
  }

  /** The authority as an issuer's Secret holds it: root and issuer are one. */
  get issuer(): { readonly keyPem: string; readonly chainPem: string } {
    return { keyPem: pemOf(this.#key), chainPem: this.anchorsPem };
  }

  /** A certificate that nobody but itself vouches for. */
  static selfSigned(name: string): Issued {
    const { privateKey, publicKey } = newPair();
    const self = new FakeAuthority(name, privateKey);
    return issued(privateKey, self.certify(name, publicKey, HOUR_MS));
  }

  /** A leaf with a key of its own; a negative lifetime has ended already. */
  issue(name: string, lifetimeMs: number = HOUR_MS): Issued {
    const { privateKey, publicKey } = newPair();
    return issued(privateKey, this.certify(name, publicKey, lifetimeMs));
  }

  /** A leaf that holds from an hour on. */
  issueEarly(name: string): Issued {
    const { privateKey, publicKey } = newPair();
    const how = { authority: false, fromMs: HOUR_MS, lifetimeMs: 2 * HOUR_MS };
    return issued(privateKey, this.#sign(name, publicKey, how));
  }

  /** An authority below this one, which does not say by which key it is certified: as older tools make them. */
  issueNameless(name: string): Issued {
    const { privateKey, publicKey } = newPair();
    const how = { authority: true, lifetimeMs: HOUR_MS, namesIssuer: false };
    return issued(privateKey, this.#sign(name, publicKey, how));
  }

  /** A leaf for a key. */
  certify(name: string, publicKey: KeyObject, lifetimeMs: number): Uint8Array {
    return this.#sign(name, publicKey, { authority: false, lifetimeMs });
  }

  #sign(
    name: string,
    publicKey: KeyObject,
    how: { authority: boolean; lifetimeMs: number; namesIssuer?: boolean; fromMs?: number },
  ): Uint8Array {
    const now = Date.now();
    const content = {
      commonName: name,
      issuerCommonName: this.#name,
      issuerKeyId: how.namesIssuer === false ? undefined : keyIdOf(createPublicKey(this.#key)),
      dnsNames: [name],
      publicKey,
      serial: randomBytes(8),
      notBefore: new Date(now + (how.fromMs ?? -HOUR_MS)),
      notAfter: new Date(now + how.lifetimeMs),
      authority: how.authority,
    };
    return signCertificate(content, (bytes) => signWith("sha256", bytes, this.#key));
  }
}
