/** Opens listeners; a machine without IPv6 is a warning, not the end. */

import { formatSocketAddr, type SocketAddr } from "#lib/addr/socket-addr.ts";
import type { Logger } from "#lib/log/logger.ts";
import { type Listener, listen } from "#lib/net/listener.ts";
import type { FaultObserver, TcpStream } from "#lib/net/tcp-stream.ts";

/** What a kernel without IPv6, or without this address, answers. */
const ABSENT: ReadonlySet<unknown> = new Set(["EADDRNOTAVAIL", "EAFNOSUPPORT"]);

/** What the listeners of a direction are opened with. */
export interface ListenersOptions {
  readonly accept: (stream: TcpStream, listenPort: number) => void;
  readonly onFault: FaultObserver;
  readonly log: Logger;
  readonly backlog?: number | undefined;
  /** `listen`, unless a test has another. */
  readonly open?: typeof listen;
}

/** What is open, and the port of the last address. */
export interface OpenListeners {
  readonly listeners: readonly Listener[];
  readonly port: number;
}

/**
 * Listens on every address. IPv6 addresses that this machine does not have are passed over with a warning. `::` and
 * `0.0.0.0` are one listener for each family, so that both slots of the redirection are filled and no address of IPv4
 * is written as one of IPv6. Throws, with nothing left open, where an address is taken or none could be had.
 */
export function openListeners(
  addresses: readonly SocketAddr[],
  options: ListenersOptions,
): OpenListeners {
  const listeners: Listener[] = [];
  try {
    for (const addr of addresses)
      try {
        listeners.push(...openWithTwin(addr, options));
      } catch (error) {
        if (!lacksIpv6(addr, error)) throw error;
        warn(addr, options.log);
        if (addresses.length === 1) throw error;
      }
  } catch (error) {
    for (const listener of listeners) listener.stop();
    throw error;
  }
  return { listeners, port: listeners.at(-1)?.port ?? 0 };
}

/** Opens at an address, or at `0.0.0.0` where it is `::` and this machine has no IPv6. Throws what `open` throws. */
export function openWithoutIpv6<T>(
  addr: SocketAddr,
  how: { readonly open: (addr: SocketAddr) => T; readonly log: Logger },
): T {
  try {
    return how.open(addr);
  } catch (error) {
    if (addr.ip !== "::" || !lacksIpv6(addr, error)) throw error;
    warn(addr, how.log);
    return how.open({ ip: "0.0.0.0", port: addr.port });
  }
}

function openWithTwin(wanted: SocketAddr, options: ListenersOptions): readonly Listener[] {
  const { accept, onFault, log, backlog, open = listen } = options;
  const isEvery = wanted.ip === "0.0.0.0" || wanted.ip === "::";
  const ip = isEvery ? "0.0.0.0" : wanted.ip;
  const first = open(
    { ip, port: wanted.port, backlog },
    (stream) => accept(stream, first.port),
    onFault,
  );
  if (!isEvery) return [first];
  try {
    const twin = { ip: "::", port: first.port, ipv6Only: true, backlog };
    return [first, open(twin, (stream) => accept(stream, first.port), onFault)];
  } catch (error) {
    if (wanted.ip !== "::") log.debug("No IPv6 listener", { error: String(error) });
    else if (lacksIpv6(wanted, error)) warn(wanted, log);
    else {
      first.stop();
      throw error;
    }
    return [first];
  }
}

function lacksIpv6({ ip }: SocketAddr, error: unknown): boolean {
  return ip.includes(":") && ABSENT.has((error as { readonly code?: unknown }).code);
}

function warn(addr: SocketAddr, log: Logger): void {
  log.warn("Cannot listen on an IPv6 address: this machine does not have it", {
    address: formatSocketAddr(addr),
  });
}
