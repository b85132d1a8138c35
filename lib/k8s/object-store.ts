/** The objects of one resource by their names, and who is told of changes. */

import type { ObjectName } from "./resource.ts";
import type { KubeObject } from "./types/meta.ts";

/** What became of one object; `previous` is what the store had before. */
export type Change<T> = {
  readonly type: "added" | "modified" | "deleted";
  readonly object: T;
  readonly previous: T | undefined;
};

/** Tells each change after it holds it. A listener that throws costs the others nothing: what it throws goes to `onFault`. */
export class ObjectStore<T extends KubeObject> {
  readonly #objects = new Map<string, T>();
  readonly #listeners = new Set<(change: Change<T>) => void>();
  readonly #onFault: (error: unknown) => void;

  constructor(onFault: (error: unknown) => void) {
    this.#onFault = onFault;
  }

  get({ name, namespace = "" }: ObjectName): T | undefined {
    return this.#objects.get(`${namespace}/${name}`);
  }

  list(): readonly T[] {
    return [...this.#objects.values()];
  }

  /** Returns the way to unsubscribe. */
  subscribe(listener: (change: Change<T>) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  forgetListeners(): void {
    this.#listeners.clear();
  }

  /** Takes an object whose version is not known already: a list repeats what is. */
  put(object: T): void {
    const known = this.#objects.get(keyOf(object))?.metadata;
    const { uid, resourceVersion } = object.metadata ?? {};
    if (known !== undefined && known.uid === uid && known.resourceVersion === resourceVersion)
      return;
    this.set(object);
  }

  /** Takes an object, whatever is known. One that was made again under its name is another one. */
  set(object: T): void {
    const key = keyOf(object);
    const known = this.#objects.get(key);
    if (known !== undefined && known.metadata?.uid !== object.metadata?.uid) this.drop(known);
    const previous = this.#objects.get(key);
    this.#objects.set(key, object);
    this.#tell({ type: previous === undefined ? "added" : "modified", object, previous });
  }

  /** Forgets an object; this is its last state. */
  drop(object: T): void {
    const key = keyOf(object);
    const previous = this.#objects.get(key);
    if (previous === undefined) return;
    this.#objects.delete(key);
    this.#tell({ type: "deleted", object, previous });
  }

  /** Forgets an object of whose last state nothing can be said but its name. */
  lose(object: T): void {
    const known = this.#objects.get(keyOf(object));
    if (known !== undefined) this.drop(known);
  }

  #tell(change: Change<T>): void {
    for (const listener of this.#listeners)
      try {
        listener(change);
      } catch (error) {
        this.#onFault(error);
      }
  }
}

/** How the store names an object: `namespace/name`, `/name` without a namespace. */
export const keyOf = ({ metadata }: KubeObject): string =>
  `${metadata?.namespace ?? ""}/${metadata?.name ?? ""}`;
