/** How long a stream of the control plane may take to begin, be silent, and last; then it is opened again. */

/** Milliseconds each; undefined: for ever (`CONTROL_STREAM_*`). */
export interface StreamLimits {
  /** Until its first message. */
  readonly initialMs: number | undefined;
  /** Between messages. */
  readonly idleMs: number | undefined;
  /** Altogether. */
  readonly lifetimeMs: number | undefined;
}

/** Streams that go on as long as both sides live. */
export const ENDLESS: StreamLimits = {
  initialMs: undefined,
  idleMs: undefined,
  lifetimeMs: undefined,
};

/**
 * Milliseconds that a stream of this age may still wait for its next message, or undefined for ever: its first one
 * where `begun` is false, for which the idle limit counts where there is no other.
 */
export function patience(
  limits: StreamLimits,
  { begun, ageMs }: { readonly begun: boolean; readonly ageMs: number },
): number | undefined {
  const { initialMs, idleMs, lifetimeMs } = limits;
  const left = lifetimeMs === undefined ? undefined : Math.max(0, lifetimeMs - ageMs);
  const silence = begun ? idleMs : (initialMs ?? idleMs);
  return silence === undefined || left === undefined ? (silence ?? left) : Math.min(silence, left);
}
