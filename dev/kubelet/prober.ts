/** The probes of one container over time: first startup, then readiness and liveness side by side. */

import type { Container, Probe } from "#lib/k8s/types/core.ts";
import type { Clock, Timer } from "#lib/time/clock.ts";
import { type ProbeTarget, runProbe } from "./probe.ts";

/** What probes tell. */
export type ProbeObserver = {
  onStarted(): void;
  onReady(ready: boolean, why: string): void;
  /** This one failed for good: the container has to be ended. */
  onDead(why: string, probe: Probe): void;
};

const SECOND_MS = 1_000;

/** Starts probing a container that has just been started; the result stops it. */
export function startProbes(
  container: Container,
  target: ProbeTarget,
  observer: ProbeObserver,
): { stop(): void } {
  const timers = new Set<Series>();
  const containerStartMs = target.clock.now();
  const series = (probe: Probe, observe: SeriesObserver): void => {
    timers.add(new Series(probe, { ...target, containerStartMs }, observe));
  };
  const { startupProbe, readinessProbe, livenessProbe } = container;
  const started = (): void => {
    observer.onStarted();
    if (readinessProbe === undefined) observer.onReady(true, "");
    else
      series(readinessProbe, {
        eager: true,
        onPassed: () => observer.onReady(true, ""),
        onFailed: (why) => observer.onReady(false, why),
      });
    if (livenessProbe !== undefined)
      series(livenessProbe, {
        onPassed: () => undefined,
        onFailed: (why) => observer.onDead(`liveness probe failed: ${why}`, livenessProbe),
      });
  };
  if (startupProbe === undefined) started();
  else
    series(startupProbe, {
      once: true,
      onPassed: started,
      onFailed: (why) => observer.onDead(`startup probe failed: ${why}`, startupProbe),
    });
  return {
    stop: () => {
      for (const each of timers) each.stop();
    },
  };
}

type SeriesObserver = {
  /** Ends with the first success. */
  readonly once?: true;
  /** Asks every second until the first success: the user waits for it, and a kubelet would make them wait a period. */
  readonly eager?: true;
  onPassed(): void;
  onFailed(why: string): void;
};

/** One probe again and again, until its thresholds are reached in a row. */
class Series {
  readonly #probe: Probe;
  readonly #target: ProbeTarget;
  readonly #observer: SeriesObserver;
  readonly #clock: Clock;
  #timer: Timer | undefined;
  #stopped = false;
  #hasPassed = false;
  #passed = 0;
  #failed = 0;

  constructor(
    probe: Probe,
    target: ProbeTarget & { readonly containerStartMs: number },
    observer: SeriesObserver,
  ) {
    this.#probe = probe;
    this.#target = target;
    this.#observer = observer;
    this.#clock = target.clock;
    const elapsed = target.clock.now() - target.containerStartMs;
    this.#wait(Math.max(0, (probe.initialDelaySeconds ?? 0) * SECOND_MS - elapsed));
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #wait(ms: number): void {
    this.#timer = this.#clock.after(ms, () => {
      runProbe(this.#probe, this.#target).then(
        (result) => this.#judge(result),
        (error: unknown) => this.#judge(String(error)),
      );
    });
  }

  #judge(failure: string | undefined): void {
    if (this.#stopped) return;
    const { successThreshold = 1, failureThreshold = 3, periodSeconds = 10 } = this.#probe;
    this.#passed = failure === undefined ? this.#passed + 1 : 0;
    this.#failed = failure === undefined ? 0 : this.#failed + 1;
    if (this.#passed >= successThreshold) {
      this.#hasPassed = true;
      this.#observer.onPassed();
      if (this.#observer.once) return;
    }
    if (failure !== undefined && this.#failed >= failureThreshold) this.#observer.onFailed(failure);
    const eager = this.#observer.eager === true && !this.#hasPassed;
    if (!this.#stopped)
      this.#wait((eager ? Math.min(1, periodSeconds) : periodSeconds) * SECOND_MS);
  }
}
