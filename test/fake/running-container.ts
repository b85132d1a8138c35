/** A container without a process: a test says when it exits. */

import type { RunningContainer } from "../../dev/kubelet/container.ts";

/** Remembers what it was told. */
export class FakeContainer implements RunningContainer {
  readonly told: string[] = [];
  readonly environment: Readonly<Record<string, string>> = {};
  readonly #exit = Promise.withResolvers<number>();
  readonly exited: Promise<number> = this.#exit.promise;
  words = "";

  /** Ends it, and lets whoever waits for that go on. */
  async exit(code: number): Promise<void> {
    this.#exit.resolve(code);
    await this.exited;
    await Promise.resolve();
  }

  lastWords(): string {
    return this.words;
  }

  logEnd(): string {
    return "the end of the log";
  }

  signal(name: NodeJS.Signals): void {
    this.told.push(name);
  }

  kill(): void {
    this.told.push("kill");
    this.#exit.resolve(137);
  }

  isInside(): boolean {
    return true;
  }

  command(words: readonly string[]): string[] {
    return [...words];
  }
}
