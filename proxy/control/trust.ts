/** Follows the trust bundle that the identity service streams (`bunkerd.identity.v1.Trust`). */

import { decode } from "#lib/api/wire/decode.ts";
import { TrustBundle as TrustBundleMessage } from "#lib/api/wire/gen/identityV1.ts";
import { GrpcCode } from "#lib/grpc/status.ts";
import { createTrustBundle, type TrustBundle } from "#lib/identity/trust-bundle.ts";
import type { Clock } from "#lib/time/clock.ts";
import type { Watch } from "../policy/discover.ts";
import type { ControlChannel } from "./channel.ts";

/**
 * A service that does not know the stream, as a genuine Linkerd's, is asked again after this long, and up to a tenth
 * more: it may have been replaced by one that does.
 */
export const UNKNOWN_RETRY_MS = 600_000;
const JITTER = 0.1;

const NOT_THERE: ReadonlySet<number> = new Set([GrpcCode.UNIMPLEMENTED]);
/** `WatchRequest` has no fields. */
const REQUEST = new Uint8Array(0);

/** Whom to follow, and whom to tell. */
export interface TrustWatchOptions {
  /**
   * The channel of Certify, never another: its server has proved its identity by an anchor that is trusted already, or
   * is the identity controller in this very pod.
   */
  readonly channel: Pick<ControlChannel, "watch">;
  readonly clock: Clock;
  readonly random: () => number;
  readonly onBundle: (bundle: TrustBundle) => void;
  /** A message that cannot be used; the stream goes on. */
  readonly onRefused: (error: unknown) => void;
}

/** Tells each bundle as it comes, until cancelled. */
export function watchTrust(options: TrustWatchOptions): Watch {
  const { channel, clock, random, onBundle, onRefused } = options;
  let current: { cancel(): void } | undefined;
  const begin = (): void => {
    current = channel.watch({
      path: "/bunkerd.identity.v1.Trust/Watch",
      request: REQUEST,
      final: NOT_THERE,
      onMessage: (message) => {
        const bundle = read(message, onRefused);
        if (bundle !== undefined) onBundle(bundle);
      },
      onFinal: () => {
        current = clock.after(UNKNOWN_RETRY_MS * (1 + JITTER * random()), begin);
      },
    });
  };
  begin();
  return { cancel: () => current?.cancel() };
}

function read(message: Uint8Array, onRefused: (error: unknown) => void): TrustBundle | undefined {
  try {
    return createTrustBundle(decode(TrustBundleMessage, message).anchors);
  } catch (error) {
    onRefused(error);
    return undefined;
  }
}
