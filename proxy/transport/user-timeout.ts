/** TCP_USER_TIMEOUT: a peer that stops acknowledging is given up in time (`*_USER_TIMEOUT`). */

import type { TcpStream } from "#lib/net/tcp-stream.ts";
import { setsockopt } from "#lib/sys/libc.ts";

const TCP_USER_TIMEOUT = { level: 6, name: 18 };

/**
 * Sets how many milliseconds what was sent may stay unacknowledged; undefined leaves the kernel's (about 15 minutes).
 * False where nothing was set: of a socket that is gone already nothing has to be given up.
 */
export function setUserTimeout(stream: Pick<TcpStream, "fd">, ms: number | undefined): boolean {
  return ms !== undefined && setsockopt(stream.fd, TCP_USER_TIMEOUT, ms);
}
