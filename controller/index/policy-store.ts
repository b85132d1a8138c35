/** Objects of one kind as domain values, by namespace and name: each is read once, when it changes. */

import { isDeepStrictEqual } from "node:util";
import type { Informer } from "#lib/k8s/informer.ts";
import type { KeptPolicy } from "./kept-objects.ts";

/** What an object was and is; undefined: not there. */
export type Turn<Value> = {
  readonly namespace: string;
  readonly name: string;
  readonly before: Value | undefined;
  readonly after: Value | undefined;
};

/** Told of an object that cannot be read whole. */
export type OnFault = (about: {
  readonly resource: string;
  readonly object: string;
  readonly fault: string;
}) => void;

/** How objects of a kind are read. */
export type StoreOptions<Value> = {
  readonly informer: Informer<KeptPolicy>;
  /** Its plural name. */
  readonly resource: string;
  readonly read: (object: KeptPolicy, faults: string[]) => Value;
  readonly onFault: OnFault;
  /** Called after a value has changed. */
  readonly onTurn: (turn: Turn<Value>) => void;
};

/** The values of one kind. */
export class PolicyStore<Value> {
  readonly #options: StoreOptions<Value>;
  readonly #byNamespace = new Map<string, Map<string, Value>>();
  /** As lists, until one changes: who asks for one port mostly asks for many. */
  readonly #lists = new Map<string, readonly Value[]>();
  readonly #stop: () => void;

  constructor(options: StoreOptions<Value>) {
    this.#options = options;
    for (const object of options.informer.list()) this.#set(object, this.#read(object));
    this.#stop = options.informer.subscribe(({ type, object }) =>
      this.#turn(object, type === "deleted" ? undefined : this.#read(object)),
    );
  }

  get({
    namespace,
    name,
  }: {
    readonly namespace: string;
    readonly name: string;
  }): Value | undefined {
    return this.#byNamespace.get(namespace)?.get(name);
  }

  /** Those of a namespace. */
  in(namespace: string): readonly Value[] {
    const known = this.#lists.get(namespace);
    if (known !== undefined) return known;
    const values = this.#byNamespace.get(namespace);
    if (values === undefined) return [];
    const list = [...values.values()];
    this.#lists.set(namespace, list);
    return list;
  }

  /** Those of all namespaces. */
  *all(): Iterable<readonly [namespace: string, value: Value]> {
    for (const [namespace, values] of this.#byNamespace)
      for (const value of values.values()) yield [namespace, value];
  }

  /** How many there are in each namespace. */
  sizes(): ReadonlyMap<string, number> {
    return new Map([...this.#byNamespace].map(([namespace, values]) => [namespace, values.size]));
  }

  /** Listens no more. */
  stop(): void {
    this.#stop();
  }

  #turn(object: KeptPolicy, after: Value | undefined): void {
    const { name = "", namespace = "" } = object.metadata ?? {};
    const before = this.get({ namespace, name });
    if (isDeepStrictEqual(before, after)) return;
    this.#set(object, after);
    this.#options.onTurn({ namespace, name, before, after });
  }

  #read(object: KeptPolicy): Value {
    const { read, resource, onFault } = this.#options;
    const faults: string[] = [];
    const value = read(object, faults);
    const [fault] = faults;
    const { name, namespace } = object.metadata ?? {};
    if (fault !== undefined) onFault({ resource, object: `${namespace}/${name}`, fault });
    return value;
  }

  #set({ metadata }: KeptPolicy, value: Value | undefined): void {
    const { name = "", namespace = "" } = metadata ?? {};
    const values = this.#byNamespace.get(namespace) ?? new Map<string, Value>();
    this.#lists.delete(namespace);
    if (value === undefined) values.delete(name);
    else values.set(name, value);
    if (values.size === 0) this.#byNamespace.delete(namespace);
    else this.#byNamespace.set(namespace, values);
  }
}
