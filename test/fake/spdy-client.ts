/** A SPDY/3 client's frames, and those of a server in words. */

import { HeaderDeflater, HeaderInflater } from "#lib/kube-api/spdy-headers.ts";

const FIN = 1;

/** One client's end. */
export class SpdyClient {
  readonly #deflater = new HeaderDeflater();
  readonly #inflater = new HeaderInflater();
  #rest: Buffer = Buffer.alloc(0);

  /** SYN_STREAM; `end` where nothing is sent on it. */
  open(
    id: number,
    fields: Readonly<Record<string, string>>,
    { end = false }: { readonly end?: boolean } = {},
  ): Uint8Array {
    const head = Buffer.alloc(10);
    head.writeUInt32BE(id);
    const block = this.#deflater.write(new Map(Object.entries(fields)));
    return control(1, Buffer.concat([head, block]), end ? FIN : 0);
  }

  /** HEADERS. */
  headers(id: number, fields: Readonly<Record<string, string>>): Uint8Array {
    const block = this.#deflater.write(new Map(Object.entries(fields)));
    return control(8, Buffer.concat([number(id), block]));
  }

  /** What a server's bytes say, frame by frame. */
  read(chunk: Uint8Array): string[] {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    const told: string[] = [];
    while (this.#rest.length >= 8 && this.#rest.length >= 8 + this.#rest.readUIntBE(5, 3)) {
      const frame = this.#rest.subarray(0, 8 + this.#rest.readUIntBE(5, 3));
      this.#rest = this.#rest.subarray(frame.length);
      told.push(this.#tell(frame));
    }
    return told;
  }

  #tell(frame: Buffer): string {
    const payload = frame.subarray(8);
    if (((frame[0] ?? 0) & 0x80) === 0) {
      const data = payload.length > 999 ? `${payload.length} bytes` : payload.toString();
      return frame[4] === FIN
        ? `${frame.readUInt32BE()} end${data}`
        : `${frame.readUInt32BE()} ${data}`;
    }
    const type = frame.readUInt16BE(2);
    const id = payload.readUInt32BE();
    if (type === 2) return `${id} reply ${this.#inflater.read(payload.subarray(4)).size}`;
    return `${id} type ${type}`;
  }
}

/** DATA. */
export function data(
  id: number,
  text: string | Uint8Array,
  end: "end" | "more" = "more",
): Uint8Array {
  const payload = Buffer.from(text as string);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(id);
  head[4] = end === "end" ? FIN : 0;
  head.writeUIntBE(payload.length, 5, 3);
  return Buffer.concat([head, payload]);
}

/** Any control frame. */
export function control(type: number, payload: Uint8Array, flags: number = 0): Uint8Array {
  const head = Buffer.alloc(8);
  head.writeUInt16BE(0x8003);
  head.writeUInt16BE(type, 2);
  head[4] = flags;
  head.writeUIntBE(payload.length, 5, 3);
  return Buffer.concat([head, payload]);
}

/** RST_STREAM. */
export function reset(id: number): Uint8Array {
  return control(3, Buffer.concat([number(id), number(5)]));
}

/** Four bytes. */
export function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
