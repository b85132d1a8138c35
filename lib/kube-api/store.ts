/** Objects with one rising version, and the history that watches resume from. */

import type { ApiObject } from "./object.ts";

/** One change; `object` is what is there now, or what was there last. */
export interface StoreEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly table: string;
  readonly version: number;
  readonly object: ApiObject;
  readonly previous: ApiObject | undefined;
}

/** Changes kept for watches that resume; older versions are gone (410). */
export const HISTORY_LIMIT: number = 20_000;

/** Where an object is kept: `table` is `plural.group`. */
export interface Place {
  readonly table: string;
  readonly namespace: string;
  readonly name: string;
}

/** Holds every object. It copies nothing: what is put in must not be changed afterwards. */
export class Store {
  #version = 1;
  #oldest = 1;
  readonly #tables = new Map<string, Map<string, ApiObject>>();
  #history: StoreEvent[] = [];
  readonly #listeners = new Set<(event: StoreEvent) => void>();
  readonly #historyLimit: number;

  constructor(historyLimit: number = HISTORY_LIMIT) {
    this.#historyLimit = historyLimit;
  }

  /** The version of the newest change. */
  get version(): number {
    return this.#version;
  }

  get(place: Place): ApiObject | undefined {
    return this.#tables.get(place.table)?.get(keyOf(place));
  }

  /** Objects of a table by namespace and name; of all namespaces where none is named. */
  list(table: string, namespace?: string): ApiObject[] {
    const entries = [...(this.#tables.get(table) ?? [])];
    const prefix = `${namespace}/`;
    return entries
      .filter(([key]) => namespace === undefined || key.startsWith(prefix))
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([, object]) => object);
  }

  /** Puts an object in, with the next version; returns it as it is kept. */
  put(place: Place, object: ApiObject): ApiObject {
    const table = this.#tables.get(place.table) ?? new Map<string, ApiObject>();
    this.#tables.set(place.table, table);
    const previous = table.get(keyOf(place));
    const kept = this.#stamp(object);
    table.set(keyOf(place), kept);
    this.#tell({
      type: previous === undefined ? "ADDED" : "MODIFIED",
      table: place.table,
      version: this.#version,
      object: kept,
      previous,
    });
    return kept;
  }

  /** Takes an object out; `last` is its final state. */
  remove(place: Place, last: ApiObject): ApiObject {
    const previous = this.get(place);
    if (previous === undefined) return last;
    this.#tables.get(place.table)?.delete(keyOf(place));
    const object = this.#stamp(last);
    const { table } = place;
    this.#tell({ type: "DELETED", table, version: this.#version, object, previous });
    return object;
  }

  /** Changes of a table after a version; undefined where that is too old. */
  since(table: string, version: number): StoreEvent[] | undefined {
    if (version < this.#oldest) return undefined;
    return this.#history.filter((event) => event.table === table && event.version > version);
  }

  /** Calls back for each change, in order; returns how to stop. */
  subscribe(listener: (event: StoreEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Forgets the history, as a compaction does: every watch that resumes is told 410. */
  compact(): void {
    this.#history = [];
    this.#version++;
    this.#oldest = this.#version;
  }

  #stamp(object: ApiObject): ApiObject {
    this.#version++;
    return { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#version) } };
  }

  #tell(event: StoreEvent): void {
    this.#history.push(event);
    if (this.#history.length > this.#historyLimit * 2) {
      this.#history = this.#history.slice(-this.#historyLimit);
      this.#oldest = (this.#history[0]?.version ?? this.#version) - 1;
    }
    for (const listener of this.#listeners) listener(event);
  }
}

function keyOf({ namespace, name }: Place): string {
  return `${namespace}/${name}`;
}
