/** What is attached for which container, kept in the run folder: one file a sandbox, so that DEL works after a restart. */

import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import type { PodPlace, RedirectKind } from "./apply/redirection.ts";
import type { PodSurroundings } from "./redirect/ebpf.ts";
import type { RedirectPlan } from "./redirect/plan.ts";
import type { Sandbox } from "./request.ts";

/** A sandbox that is redirected, with all that is needed to check, repair and remove it. */
export interface Attachment extends Sandbox {
  /** `namespace/name`, for logs. */
  readonly pod: string;
  readonly kind: RedirectKind;
  readonly place: PodPlace;
  readonly plan: RedirectPlan;
  readonly surroundings: PodSurroundings;
}

const SUFFIX = ".json";

/** The attachments of a node, in memory and on disk. */
export class Attachments {
  readonly #folder: string;
  readonly #all = new Map<string, Attachment>();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Reads what an earlier agent wrote. A file that cannot be read is reported and left out. */
  static load(folder: string, onFault: (error: Error) => void): Attachments {
    const attachments = new Attachments(folder);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(folder)) {
      if (!name.endsWith(SUFFIX)) continue;
      try {
        const read = parse(readFileSync(`${folder}/${name}`, "utf8"));
        attachments.#all.set(keyOf(read), read);
      } catch (error) {
        onFault(new Error(`Cannot read attachment ${name}: ${String(error)}`, { cause: error }));
      }
    }
    return attachments;
  }

  get(sandbox: Sandbox): Attachment | undefined {
    return this.#all.get(keyOf(sandbox));
  }

  list(): readonly Attachment[] {
    return [...this.#all.values()];
  }

  /** Keeps an attachment, on disk first. */
  put(attachment: Attachment): void {
    const path = this.#path(attachment);
    const { cookie, ...place } = attachment.place;
    const kept = { ...place, ...(cookie !== undefined && { cookie: String(cookie) }) };
    writeFileSync(`${path}.new`, JSON.stringify({ ...attachment, place: kept }), { mode: 0o600 });
    renameSync(`${path}.new`, path);
    this.#all.set(keyOf(attachment), attachment);
  }

  delete(sandbox: Sandbox): void {
    rmSync(this.#path(sandbox), { force: true });
    this.#all.delete(keyOf(sandbox));
  }

  #path(sandbox: Sandbox): string {
    return `${this.#folder}/${keyOf(sandbox)}${SUFFIX}`;
  }
}

/** Both parts have the form that the specification asks for: a path cannot leave the folder. */
const keyOf = ({ containerId, ifname }: Sandbox): string => `${containerId}@${ifname}`;

function parse(text: string): Attachment {
  const read = JSON.parse(text) as Attachment & { readonly place: { readonly cookie?: string } };
  const { cookie, ...place } = read.place;
  return {
    ...read,
    place: { ...place, ...(cookie !== undefined && { cookie: BigInt(cookie) }) },
  };
}
