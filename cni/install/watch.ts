/** Keeps the plugin and our entry in place: looks again every few seconds, not only on events. */

import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import type { Logger } from "#lib/log/logger.ts";
import {
  type ConfigFile,
  type Entry,
  isOfSinglePlugin,
  PLUGIN_TYPE,
  primaryOf,
  withEntry,
  withoutEntry,
} from "./conflist.ts";
import { readIfThere, writeAtomic } from "./files.ts";

/** Where the runtime looks. */
export interface InstallPlace {
  readonly binDir: string;
  readonly confDir: string;
}

/** What is installed. */
export interface InstallOptions extends InstallPlace {
  readonly shim: Uint8Array;
  readonly entry: Entry;
  readonly logger: Logger;
}

/** Installs and repairs. Nothing is taken away when the agent ends: redirection outlives it. */
export class Installer {
  readonly #options: InstallOptions;
  #state = "not looked yet";
  #configured = false;

  constructor(options: InstallOptions) {
    this.#options = options;
  }

  /** Whether the runtime will call us for the next pod. */
  get healthy(): boolean {
    return this.#configured;
  }

  /** Puts the program in its place; whether it had to. Before the configuration names it. */
  installProgram(): boolean {
    const { binDir, shim } = this.#options;
    const path = `${binDir}/${PLUGIN_TYPE}`;
    if (readIfThere(path)?.equals(shim)) return false;
    writeAtomic(path, shim, { mode: 0o755 });
    return true;
  }

  /** Puts our entry into the primary's file; whether it had to. */
  installEntry(): boolean {
    const { confDir, entry } = this.#options;
    const name = primaryOf(readdirSync(confDir));
    if (name === undefined) {
      this.#configured = false;
      this.#say(`waiting: ${confDir} has no configuration yet`);
      return false;
    }
    const text = readIfThere(`${confDir}/${name}`)?.toString() ?? "";
    const changed = withEntry({ name, text }, entry);
    if (changed?.name === name) writeAtomic(`${confDir}/${name}`, changed.text);
    else if (changed !== undefined) this.#replaceByList(name, changed);
    this.#configured = true;
    this.#say(`in ${changed?.name ?? name}`);
    return changed !== undefined;
  }

  /**
   * A list that is there already is replaced where we made it: the primary has written its file again since. Our entry
   * alone does not tell, as a list of the primary's own has it too.
   */
  #replaceByList(name: string, list: ConfigFile): void {
    const { confDir } = this.#options;
    const [from, to] = [`${confDir}/${name}`, `${confDir}/${list.name}`];
    const old = readIfThere(to)?.toString();
    if (old !== undefined && !isOfSinglePlugin({ name: list.name, text: old }))
      throw new Error(`Cannot make a list of ${name}: ${list.name} is there already`);
    writeAtomic(to, list.text, { mode: statSync(from).mode });
    rmSync(from);
  }

  /** One look at both; how many had to be put in place. What cannot be done is logged once. */
  look(): number {
    try {
      return Number(this.installProgram()) + Number(this.installEntry());
    } catch (error) {
      this.#configured = false;
      this.#say(error instanceof Error ? error.message : String(error));
      return 0;
    }
  }

  #say(state: string): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#options.logger[this.#configured ? "info" : "warn"]("plugin configuration", { state });
  }
}

/** Takes our entry out of every configuration, then the program away. Needs no agent and may be repeated. */
export function uninstall({ binDir, confDir }: InstallPlace): void {
  for (const name of existsSync(confDir) ? readdirSync(confDir) : []) {
    if (primaryOf([name]) === undefined) continue;
    const path = `${confDir}/${name}`;
    const text = withoutEntry({ name, text: readIfThere(path)?.toString() ?? "" });
    if (text !== undefined) writeAtomic(path, text);
  }
  rmSync(`${binDir}/${PLUGIN_TYPE}`, { force: true });
}
