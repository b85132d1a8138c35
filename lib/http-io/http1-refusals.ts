/** What a server's connection refuses beside what the codec does: too slow, or too much at once. */

import { type Http1Error, overLimit } from "#lib/http1/http1-error.ts";

/**
 * Requests are answered one at a time. What was read ahead of the one that is answered is kept, and no more is read
 * meanwhile: one read brings at most 512 KiB, so who has more than this in waiting has got round back-pressure.
 */
export const LOOK_AHEAD_LIMIT_BYTES: number = 1024 * 1024;

export const HEAD_TOO_LATE: Http1Error = overLimit("its head takes too long", 408);
export const BODY_TOO_LATE: Http1Error = overLimit("its body does not come", 408);
export const TOO_FAR_AHEAD: Http1Error = overLimit("too much comes before it is answered", 431);
