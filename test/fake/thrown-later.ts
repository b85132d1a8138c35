/** What is thrown in microtasks, for tests: the runner takes an error that nobody catches for the test's. */

import { spyOn } from "bun:test";

/** Errors so far; `using` ends the watch. */
export interface ThrownLater extends Disposable {
  readonly errors: unknown[];
}

export function thrownLater(): ThrownLater {
  const errors: unknown[] = [];
  const queue = queueMicrotask;
  const spy = spyOn(globalThis, "queueMicrotask").mockImplementation((run) =>
    queue(() => {
      try {
        run();
      } catch (error) {
        errors.push(error);
      }
    }),
  );
  return { errors, [Symbol.dispose]: () => spy.mockRestore() };
}
