/** System calls through libc: the only file that opens bun:ffi. */

import { dlopen, ptr } from "bun:ffi";

const libc = dlopen("libc.so.6", {
  getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
});

const LENGTH = new Uint32Array(1);
const LENGTH_AT = ptr(LENGTH);

/** A buffer that libc may write into; kept, so that its address stays valid. */
export class LibcBuffer {
  readonly bytes: Uint8Array;
  readonly at: ReturnType<typeof ptr>;

  constructor(length: number) {
    this.bytes = new Uint8Array(length);
    this.at = ptr(this.bytes);
  }
}

/** getsockopt(2) into a buffer; false where the kernel refuses. */
export function getsockopt(
  fd: number,
  option: { readonly level: number; readonly name: number },
  into: LibcBuffer,
): boolean {
  LENGTH[0] = into.bytes.length;
  return libc.symbols.getsockopt(fd, option.level, option.name, into.at, LENGTH_AT) === 0;
}
