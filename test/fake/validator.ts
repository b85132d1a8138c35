/** The folder of a validator's Secret, and reviews that are sent to it. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import type { AdmissionAnswer } from "#lib/k8s/admission.ts";
import { createServingCertificate, type ServingCertificate } from "#lib/k8s/certified-key.ts";

/** A folder as a kubelet mounts it, empty at first. */
export class TlsFolder {
  readonly path: string = mkdtempSync(`${tmpdir()}/validator-`);
  #served: ServingCertificate | undefined;

  /** What the API server would be told to verify by. */
  get caPem(): string {
    return this.#served?.caPem ?? "";
  }

  /** Puts a certificate into it; a new one for this machine unless one is given. */
  mount(
    made: ServingCertificate = createServingCertificate("localhost", Date.now()),
  ): ServingCertificate {
    this.#served = made;
    writeFileSync(`${this.path}/tls.crt`, made.crtPem);
    writeFileSync(`${this.path}/tls.key`, made.keyPem);
    return made;
  }

  /** Sends a body to a port of this machine, and trusts what is in the folder. */
  ask(port: number, body: string): Promise<Response> {
    const tls = { ca: this.caPem };
    return fetch(`https://localhost:${port}/`, { method: "POST", body, tls, keepalive: false });
  }

  /** The answer to a review. */
  async review(port: number, review: unknown): Promise<AdmissionAnswer["response"]> {
    const answer = await this.ask(port, JSON.stringify(review));
    return ((await answer.json()) as AdmissionAnswer).response;
  }

  remove(): void {
    rmSync(this.path, { recursive: true });
  }
}
