/** The current key and certificate, replaced as a whole on renewal. */

import { TlsCredentials, type TlsMaterial } from "#lib/net/tls.ts";

/** Holds what handshakes use now; undefined until the first certificate is there. */
export class CredentialStore {
  #current: TlsCredentials | undefined;
  #expiresMs = 0;
  readonly #waiting: (() => void)[] = [];

  get current(): TlsCredentials | undefined {
    return this.#current;
  }

  /** When the current certificate ends, calendar milliseconds; 0 without one. */
  get expiresMs(): number {
    return this.#expiresMs;
  }

  /** Puts a new certificate in place; connections that are open go on with the one they had. */
  replace(material: TlsMaterial, expiresMs: number): void {
    this.#current = new TlsCredentials(material);
    this.#expiresMs = expiresMs;
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Calls back once there is a certificate, at once where there is. */
  whenReady(wake: () => void): void {
    if (this.#current !== undefined) wake();
    else this.#waiting.push(wake);
  }
}
