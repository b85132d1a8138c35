/** A gRPC call whose answers a test reads. */

import type { ServerCall } from "#lib/grpc/server.ts";

/** Takes messages; `blocked` is what the test says. */
export class FakeCall implements ServerCall {
  readonly request: Uint8Array;
  readonly clientId: string = "";
  readonly sent: Uint8Array[] = [];
  ended: string | undefined;
  blocked = false;
  onCancel: () => void = () => undefined;
  onWritable: () => void = () => undefined;

  constructor(request: Uint8Array) {
    this.request = request;
  }

  send(framed: Uint8Array): void {
    this.sent.push(framed);
  }

  end(code: number, message: string): void {
    this.ended = `${code} ${message}`;
  }

  /** The messages that came since last asked. */
  take(): Uint8Array[] {
    const bytes = Buffer.concat(this.sent.splice(0));
    const messages: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; ) {
      const length = bytes.readUInt32BE(at + 1);
      messages.push(bytes.subarray(at + 5, at + 5 + length));
      at += 5 + length;
    }
    return messages;
  }
}
