/** Header blocks of SPDY/3 (§2.6.10): compressed over a whole connection, with a dictionary known to both. */

import { constants, inflateRawSync } from "node:zlib";

/** Words that the dictionary holds each with its length in four bytes. */
const WORDS =
  "options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age allow authorization cache-control connection content-base content-encoding content-language content-length content-location content-md5 content-range content-type date etag expect expires from host if-match if-modified-since if-none-match if-range if-unmodified-since last-modified location max-forwards pragma proxy-authenticate proxy-authorization range referer retry-after server te trailer transfer-encoding upgrade user-agent vary via warning www-authenticate method get status 200_OK version HTTP/1.1 url public set-cookie keep-alive origin";
/** Its end, as it is. */
const TAIL =
  "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505" +
  "203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized" +
  "403 Forbidden404 Not Found500 Internal Server Error501 Not Implemented503 Service Unavailable" +
  "Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMT" +
  "chunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain," +
  "text/javascript,publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.";

/** The dictionary of SPDY/3. */
export const DICTIONARY: Uint8Array = Buffer.concat([
  ...WORDS.split(" ").map((word) => prefixed(word.replace("_", " "))),
  Buffer.from(TAIL),
]);

/** What a compressed stream begins with: deflate, a dictionary, and the dictionary's Adler-32. */
const ZLIB_HEAD = Buffer.from("78bbe3c6a7c2", "hex");
/** An empty block, not compressed: all that came before can be read. */
const FLUSH = Buffer.from("000000ffff", "hex");
/** How far back compressed bytes refer. */
const WINDOW_BYTES = 32 * 1024;
/** The longest header block, not compressed. */
const BLOCK_LIMIT_BYTES = 64 * 1024;

function prefixed(text: string): Buffer {
  const bytes = Buffer.alloc(4 + text.length);
  bytes.writeUInt32BE(text.length);
  bytes.write(text, 4, "latin1");
  return bytes;
}

/** Reads the blocks of one direction, in order. */
export class HeaderInflater {
  #window: Uint8Array = DICTIONARY;
  #begun = false;

  /**
   * The fields of a block; names are in lower case. Every block ends on a byte, so that each is inflated alone, with
   * what came before as its dictionary. Throws where it is no such block.
   */
  read(block: Uint8Array): ReadonlyMap<string, string> {
    let compressed = block;
    if (!this.#begun) {
      if (!ZLIB_HEAD.subarray(2).equals(block.subarray(2, ZLIB_HEAD.length)))
        throw new Error("Cannot read SPDY headers: the dictionary is another one");
      compressed = block.subarray(ZLIB_HEAD.length);
      this.#begun = true;
    }
    const bytes = inflateRawSync(compressed, {
      dictionary: this.#window,
      finishFlush: constants.Z_SYNC_FLUSH,
      maxOutputLength: BLOCK_LIMIT_BYTES,
    });
    this.#window = Buffer.concat([this.#window, bytes]).subarray(-WINDOW_BYTES);
    return fieldsOf(bytes);
  }
}

function fieldsOf(bytes: Buffer): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  let at = 4;
  const text = (): string => {
    const start = at + 4;
    at = start + bytes.readUInt32BE(at);
    if (at > bytes.length) throw new Error("Cannot read SPDY headers: a field is cut off");
    return bytes.toString("latin1", start, at);
  };
  for (let left = bytes.readUInt32BE(0); left > 0; left -= 1) fields.set(text(), text());
  return fields;
}

/** Writes the blocks of one direction, in order, without compressing. */
export class HeaderDeflater {
  #begun = false;

  write(fields: ReadonlyMap<string, string>): Uint8Array {
    const count = Buffer.alloc(4);
    count.writeUInt32BE(fields.size);
    const texts = [...fields].flat().map(prefixed);
    const plain = Buffer.concat([count, ...texts]);
    const stored = Buffer.alloc(5);
    stored.writeUInt16LE(plain.length, 1);
    stored.writeUInt16LE(plain.length ^ 0xffff, 3);
    const head = this.#begun ? [] : [ZLIB_HEAD];
    this.#begun = true;
    return Buffer.concat([...head, stored, plain, FLUSH]);
  }
}
