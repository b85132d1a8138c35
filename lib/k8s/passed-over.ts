/** Objects that cannot be read: each is told of once, and stays as it was known before. */

import type { Logger } from "#lib/log/logger.ts";
import { keyOf } from "./object-store.ts";
import type { Resource } from "./resource.ts";
import { hasName } from "./shape.ts";
import type { KubeObject } from "./types/meta.ts";

/** Those of one resource, from one list to the next. */
export class PassedOver<T extends KubeObject> {
  readonly #options: PassedOverOptions<T>;
  /** Their versions, by key. */
  #found = new Map<string, string>();
  #foundBefore = new Map<string, string>();

  constructor(options: PassedOverOptions<T>) {
    this.#options = options;
  }

  /** A list begins. */
  begin(): void {
    this.#foundBefore = this.#found;
    this.#found = new Map();
  }

  /** Whether it was there, and could not be read. */
  has(object: T): boolean {
    return this.#found.has(keyOf(object));
  }

  /** Whether it can be read; the log is told of one that cannot, once for each of its versions. */
  isReadable(object: T): boolean {
    const { accepts, logger, resource } = this.#options;
    if (hasName(object) && accepts?.(object) !== false) return true;
    const key = hasName(object) ? keyOf(object) : "";
    const version = String(object?.metadata?.resourceVersion);
    if (this.#foundBefore.get(key) !== version && this.#found.get(key) !== version)
      logger.warn("object passed over: it cannot be read", {
        resource: resource.plural,
        object: key,
      });
    this.#found.set(key, version);
    return false;
  }
}

/** What it needs. */
export interface PassedOverOptions<T> {
  readonly logger: Logger;
  readonly resource: Resource;
  /** Whether an object has the form that its readers expect; not said: any that has a name. */
  readonly accepts?: ((object: T) => boolean) | undefined;
}
