/** The issuer and the anchors as their files hold them: read, verified against each other, and read again when they change (IDY6). */

import { readTrustBundle, type TrustBundle } from "#lib/identity/trust-bundle.ts";
import type { Logger } from "#lib/log/logger.ts";
import type { Clock, Timer } from "#lib/time/clock.ts";
import { CertifyRefusal } from "../core/certify.ts";
import { type Issuer, readIssuer, UntimelyIssuer } from "./authority.ts";
import type { TellOfIssuer } from "./telling.ts";

/** How often the files are looked at: the kubelet replaces them by renaming a link, which not every watch sees. */
export const LOOK_INTERVAL_MS: number = 2_000;

/** Where issuer and anchors are. */
export type IssuerPaths = {
  readonly keyFile: string;
  readonly chainFile: string;
  readonly anchorsFile: string;
};

/** What the store needs. */
export type IssuerStoreOptions = {
  readonly paths: IssuerPaths;
  readonly readText: (path: string) => Promise<string>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Told of what becomes of the issuer, for events. */
  readonly tell: TellOfIssuer;
  /** Told of the anchors whenever a good issuer was read, which one of them vouches for. */
  readonly onTrusted: (bundle: TrustBundle) => void;
};

/**
 * Holds the last issuer that was good. Issuer and anchors come in files of two volumes, which the kubelet updates in
 * any order: anchors that do not vouch for the issuer are as little taken as an issuer that they do not vouch for, so
 * the mesh is never told to refuse the very certificates that are issued.
 */
export class IssuerStore {
  /** Settles when the first good issuer was read. */
  readonly loaded: Promise<void>;
  readonly #options: IssuerStoreOptions;
  readonly #loaded = Promise.withResolvers<void>();
  #issuer: Issuer | undefined;
  #seen = "";
  /** The files hold an issuer that is not good now. */
  #untimely = false;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(options: IssuerStoreOptions) {
    this.#options = options;
    this.loaded = this.#loaded.promise;
  }

  /** Looks at the files now, and again until stopped. */
  async start(): Promise<void> {
    await this.look();
    if (this.#stopped) return;
    this.#timer = this.#options.clock.after(LOOK_INTERVAL_MS, () => {
      // `look` catches what reading throws.
      void this.start();
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  /** The expiry of the issuer's chain, calendar milliseconds; undefined before there is one. */
  get expiresMs(): number | undefined {
    return this.#issuer?.expiresMs;
  }

  /** The issuer. Throws CertifyRefusal where none was read yet, or where it or its anchor has expired since. */
  require(): Issuer {
    if (this.#issuer === undefined)
      throw new CertifyRefusal("issuer is not loaded yet", "unavailable");
    const { expiresMs, anchorExpiresMs } = this.#issuer;
    const wallMs = this.#options.clock.wall();
    if (Math.min(expiresMs, anchorExpiresMs) <= wallMs) {
      const reason = "IssuerValidationFailed";
      const what = expiresMs <= wallMs ? "chain" : "trust anchor";
      const message = `Issuer cannot sign: its ${what} has expired`;
      this.#options.log.error(message, { reason });
      this.#options.tell({ type: "Warning", reason, message });
      throw new CertifyRefusal("issuer has expired", "unknown");
    }
    return this.#issuer;
  }

  /** Reads the files; what is bad is told of once, and the old issuer stays. */
  async look(): Promise<void> {
    const { log, clock, tell } = this.#options;
    let isNew = true;
    try {
      const { keyPem, chainPem, anchorsPem } = await this.#read();
      isNew = this.#isNew(`${keyPem}\n${chainPem}\n${anchorsPem}`);
      // The clock may have been put right, or its time have come.
      if (!isNew && !this.#untimely) return;
      const bundle = readTrustBundle(anchorsPem);
      const issuer = readIssuer({ keyPem, chainPem }, bundle, clock.wall());
      this.#issuer = issuer;
      this.#untimely = false;
      log.info("Issuer updated", {
        reason: "IssuerUpdated",
        issuer: issuer.commonName,
        expires: new Date(issuer.expiresMs).toISOString(),
        trustBundle: bundle.generation,
      });
      const message = `The issuer ${issuer.commonName} signs from now on`;
      tell({ type: "Normal", reason: "IssuerUpdated", message });
      this.#options.onTrusted(bundle);
      this.#loaded.resolve();
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      if (error instanceof ReadError && !this.#isNew(text)) return;
      this.#untimely = error instanceof UntimelyIssuer;
      if (!isNew) return;
      log.warn("Issuer was not updated", { reason: "IssuerUpdateSkipped", error: text });
      const message = `The issuer stays as it was: ${text}`;
      tell({ type: "Warning", reason: "IssuerUpdateSkipped", message });
    }
  }

  async #read(): Promise<{ keyPem: string; chainPem: string; anchorsPem: string }> {
    const { paths, readText } = this.#options;
    const read = (path: string): Promise<string> =>
      readText(path).catch((cause: unknown) => {
        throw new ReadError(`Cannot read ${path}: ${String(cause)}`);
      });
    const [keyPem, chainPem, anchorsPem] = await Promise.all([
      read(paths.keyFile),
      read(paths.chainFile),
      read(paths.anchorsFile),
    ]);
    return { keyPem, chainPem, anchorsPem };
  }

  #isNew(text: string): boolean {
    if (text === this.#seen) return false;
    this.#seen = text;
    return true;
  }
}

class ReadError extends Error {
  override readonly name = "ReadError";
}
