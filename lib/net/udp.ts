/** UDP sockets, for the resolver of dev mode. */

/** A bound socket. */
export interface UdpSocket {
  readonly port: number;
  send(payload: Uint8Array, to: { readonly ip: string; readonly port: number }): void;
  close(): void;
}

/** A datagram and who sent it; the bytes are a copy, to keep. */
export type Datagram = {
  readonly payload: Uint8Array;
  readonly ip: string;
  readonly port: number;
};

/**
 * Binds in the network namespace of the moment and calls `onDatagram` for each datagram. Rejects where the address is
 * taken or not local. What cannot be sent at once is dropped, as UDP may.
 */
export async function bindUdp(
  address: { readonly ip: string; readonly port: number },
  onDatagram: (datagram: Datagram) => void,
): Promise<UdpSocket> {
  const socket = await Bun.udpSocket({
    hostname: address.ip,
    port: address.port,
    socket: {
      data: (_, payload, port, ip) => onDatagram({ payload: Uint8Array.from(payload), ip, port }),
      // A peer that is gone says so by ICMP; nobody waits for what was sent to it.
      error: () => undefined,
    },
  });
  return {
    port: socket.port,
    send: (payload, to) => {
      try {
        socket.send(payload, to.port, to.ip);
      } catch {
        // The refusal of an earlier datagram comes out here; this one is lost with it, as UDP may lose it.
      }
    },
    close: () => socket.close(),
  };
}
