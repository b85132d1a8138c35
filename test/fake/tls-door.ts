/** A port that terminates TLS as a proxy's inbound does, and closes what comes without a certificate of its own. */

import type { ByteStream } from "#lib/net/byte-stream.ts";
import { connectTcp } from "#lib/net/connect.ts";
import { type Listener, listen } from "#lib/net/listener.ts";
import { acceptTls, TlsCredentials } from "#lib/net/tls.ts";
import { systemClock } from "#lib/sys/system-clock.ts";
import { FakeAuthority } from "./authority.ts";

const onFault = (error: Error): void => {
  throw error;
};
const silent = { onEnd: () => undefined, onDrain: () => undefined, onClose: () => undefined };

/** The door of one workload; its certificate is signed by a root that only it knows. */
export class TlsDoor {
  readonly #listener: Listener;

  constructor(name: string) {
    const authority = new FakeAuthority("root");
    const credentials = new TlsCredentials({
      ...authority.issue(name),
      anchorsPem: authority.anchorsPem,
    });
    this.#listener = listen(
      { ip: "127.0.0.1", port: 0 },
      (stream) => {
        const begin = (chunk: Uint8Array): void =>
          acceptTls(
            stream,
            {
              initial: new Uint8Array(chunk),
              credentials,
              alpn: ["transport.l5d.io/v1"],
              onFault,
              clock: systemClock,
            },
            {
              onSession: ({ stream: secure, alpn }) => {
                if (alpn === undefined) secure.destroy();
              },
              onFailed: () => undefined,
            },
          );
        // What is no handshake is ended, as by a proxy that does not know what it is.
        stream.handler = {
          ...silent,
          onData: (chunk) => (chunk[0] === HANDSHAKE ? begin(chunk) : stream.destroy()),
        };
      },
      onFault,
    );
  }

  /** A connection to it. */
  dial(): Promise<ByteStream> {
    return dialTcp(this.#listener.port);
  }

  stop(): void {
    this.#listener.stop();
  }
}

/** The first byte of a TLS handshake (RFC 8446 §5.1). */
const HANDSHAKE = 0x16;

/** A connection to a port of loopback. */
export function dialTcp(port: number): Promise<ByteStream> {
  return new Promise((resolve, reject) => {
    connectTcp(
      { ip: "127.0.0.1", port, timeoutMs: 5000, clock: systemClock, onFault },
      { onConnected: resolve, onFailed: reject },
    );
  });
}
