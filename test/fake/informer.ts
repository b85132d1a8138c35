/** An informer whose objects a test sets. */

import type { Informer } from "#lib/k8s/informer.ts";
import type { Change } from "#lib/k8s/object-store.ts";
import type { ObjectName } from "#lib/k8s/resource.ts";
import type { KubeObject } from "#lib/k8s/types/meta.ts";

/** Holds objects and tells of changes at once. */
export class FakeInformer<T extends KubeObject> implements Informer<T> {
  readonly synced: Promise<void> = Promise.resolve();
  readonly degraded: boolean = false;
  readonly #objects = new Map<string, T>();
  readonly #listeners = new Set<(change: Change<T>) => void>();

  constructor(...objects: T[]) {
    for (const object of objects) this.put(object);
  }

  put(object: T): void {
    const previous = this.#objects.get(keyOf(object.metadata));
    this.#objects.set(keyOf(object.metadata), object);
    this.#tell({ type: previous === undefined ? "added" : "modified", object, previous });
  }

  drop(name: ObjectName): void {
    const object = this.#objects.get(keyOf(name));
    if (object === undefined) throw new Error(`Cannot drop ${name.name}: it is not there`);
    this.#objects.delete(keyOf(name));
    this.#tell({ type: "deleted", object, previous: object });
  }

  get(name: ObjectName): T | undefined {
    return this.#objects.get(keyOf(name));
  }

  list(): readonly T[] {
    return [...this.#objects.values()];
  }

  subscribe(listener: (change: Change<T>) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  stop(): void {
    this.#listeners.clear();
  }

  #tell(change: Change<T>): void {
    for (const listener of this.#listeners) listener(change);
  }
}

const keyOf = (name: { namespace?: string | undefined; name?: string } | undefined): string =>
  `${name?.namespace ?? ""}/${name?.name ?? ""}`;
