/** The current key and certificate, and whom we believe: each replaced as a whole. */

import { X509Certificate } from "node:crypto";
import { anchorOf, type TrustBundle } from "#lib/identity/trust-bundle.ts";
import { TlsCredentials } from "#lib/net/tls.ts";
import { fromPem } from "#lib/x509/pem.ts";

/** A key with its certificate and what is between that and the anchor, PEM. */
export interface Leaf {
  readonly keyPem: string;
  readonly chainPem: string;
  /** Calendar milliseconds. */
  readonly expiresMs: number;
}

/** Holds what handshakes use now; without a certificate until the first one is there. */
export class CredentialStore {
  #bundle: TrustBundle;
  #leaf: Leaf | undefined;
  #current: TlsCredentials | undefined;
  readonly #waiting: (() => void)[] = [];

  constructor(bundle: TrustBundle) {
    this.#bundle = bundle;
  }

  get current(): TlsCredentials | undefined {
    return this.#current;
  }

  get bundle(): TrustBundle {
    return this.#bundle;
  }

  /** What a client proves servers with that has no certificate. */
  get bootstrap(): TlsCredentials {
    const { pem: anchorsPem } = this.#bundle;
    return new TlsCredentials({ keyPem: undefined, chainPem: undefined, anchorsPem });
  }

  /**
   * What a client proves itself with to whoever gives certificates: with none where there is none, or none any more that
   * others accept, which is then asked for as at first, by the token alone.
   */
  forRenewal(nowMs: number): TlsCredentials {
    const current = this.expiresMs > nowMs && this.anchor !== undefined ? this.#current : undefined;
    return current ?? this.bootstrap;
  }

  /** When the current certificate ends, calendar milliseconds; 0 without one. */
  get expiresMs(): number {
    return this.#leaf?.expiresMs ?? 0;
  }

  /** The anchor that our certificate leads to; undefined without one, and where those who trust as we do refuse it. */
  get anchor(): string | undefined {
    const chain = fromPem("CERTIFICATE", this.#leaf?.chainPem ?? "");
    return anchorOf(
      chain.map((der) => new X509Certificate(der)),
      this.#bundle,
    );
  }

  /**
   * Puts a new certificate in place; connections that are open go on with the one they had. Throws where it cannot be
   * used: what was there stays.
   */
  replace(leaf: Leaf): void {
    this.#current = credentialsOf(leaf, this.#bundle);
    this.#leaf = leaf;
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Believes others from now on; connections that are open go on. */
  trust(bundle: TrustBundle): void {
    if (this.#leaf !== undefined) this.#current = credentialsOf(this.#leaf, bundle);
    this.#bundle = bundle;
  }

  /** Calls back once there is a certificate, at once where there is. */
  whenReady(wake: () => void): void {
    if (this.#current !== undefined) wake();
    else this.#waiting.push(wake);
  }
}

function credentialsOf({ keyPem, chainPem }: Leaf, bundle: TrustBundle): TlsCredentials {
  return new TlsCredentials({ keyPem, chainPem, anchorsPem: bundle.pem });
}
