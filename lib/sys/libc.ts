/** System calls through libc: the only file that opens bun:ffi. */

import { dlopen, ptr, read } from "bun:ffi";

const libc = dlopen("libc.so.6", {
  getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
  setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
  listen: { args: ["i32", "i32"], returns: "i32" },
  setns: { args: ["i32", "i32"], returns: "i32" },
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  send: { args: ["i32", "ptr", "u64", "i32"], returns: "i64" },
  recv: { args: ["i32", "ptr", "u64", "i32"], returns: "i64" },
  open: { args: ["ptr", "i32", "i32"], returns: "i32" },
  close: { args: ["i32"], returns: "i32" },
  mount: { args: ["ptr", "ptr", "ptr", "u64", "ptr"], returns: "i32" },
  umount2: { args: ["ptr", "i32"], returns: "i32" },
  madvise: { args: ["u64", "u64", "i32"], returns: "i32" },
  syscall: { args: ["i64", "i64", "ptr", "i64"], returns: "i64" },
  __errno_location: { args: [], returns: "ptr" },
});

const LENGTH = new Uint32Array(new ArrayBuffer(4));
const LENGTH_AT = ptr(LENGTH);
const O_CLOEXEC = 0o2000000;

/** Names of the errors this project meets, by number (Linux, asm-generic). */
const ERRORS: Readonly<Record<number, string>> = {
  1: "EPERM",
  2: "ENOENT",
  7: "E2BIG",
  9: "EBADF",
  11: "EAGAIN",
  12: "ENOMEM",
  13: "EACCES",
  16: "EBUSY",
  17: "EEXIST",
  20: "ENOTDIR",
  22: "EINVAL",
  28: "ENOSPC",
  38: "ENOSYS",
  67: "ENOLINK",
  93: "EPROTONOSUPPORT",
  95: "EOPNOTSUPP",
  97: "EAFNOSUPPORT",
};

/** A system call that failed; `code` is the name of errno, such as "EPERM", else `E` and its number. */
export class SysError extends Error {
  readonly code: string;

  constructor(what: string, errno: number) {
    const code = ERRORS[errno] ?? `E${errno}`;
    super(`Cannot ${what}: ${code}`);
    this.code = code;
  }
}

/**
 * A buffer that libc may write into; kept, so that its address stays valid. It is made from an ArrayBuffer: a small
 * typed array made otherwise moves when somebody reads its `buffer`, and libc would write to where it was.
 */
export class LibcBuffer {
  readonly bytes: Uint8Array;
  readonly at: ReturnType<typeof ptr>;

  constructor(length: number) {
    this.bytes = new Uint8Array(new ArrayBuffer(length));
    this.at = ptr(this.bytes);
  }
}

/** The address of bytes that must stay referenced until the kernel is done with them. */
export function addressOf(bytes: Uint8Array): bigint {
  return BigInt(ptr(bytes));
}

/** Text as C wants it: with a closing zero. */
export function cString(text: string): Uint8Array {
  return new TextEncoder().encode(`${text}\0`);
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

const VALUE = new Int32Array(new ArrayBuffer(4));
const VALUE_AT = ptr(VALUE);

/** listen(2) again, with another length of the queue. Throws SysError where the kernel refuses. */
export function setBacklog(fd: number, backlog: number): void {
  checked(libc.symbols.listen(fd, backlog), "set the backlog");
}

/** setsockopt(2) of an integer; false where the kernel refuses. */
export function setsockopt(
  fd: number,
  option: { readonly level: number; readonly name: number },
  value: number,
): boolean {
  VALUE[0] = value;
  return libc.symbols.setsockopt(fd, option.level, option.name, VALUE_AT, 4) === 0;
}

/** setns(2): moves this thread into a namespace. Throws SysError. */
export function setns(fd: number, kind: number): void {
  checked(libc.symbols.setns(fd, kind), "enter namespace");
}

/** socket(2); the descriptor. Throws SysError. */
export function socket(domain: number, type: number, protocol = 0): number {
  return checked(libc.symbols.socket(domain, type, protocol), "make socket");
}

/** send(2) of one message. Throws SysError. */
export function send(fd: number, message: Uint8Array): void {
  checked(Number(libc.symbols.send(fd, ptr(message), message.length, 0)), "send message");
}

const MSG_TRUNC = 0x20;
const MSG_DONTWAIT = 0x40;

/**
 * recv(2) of one message into a buffer, without waiting for it; its length, which is more than the buffer's where it
 * was cut. Throws SysError.
 */
export function receiveNow(fd: number, into: LibcBuffer): number {
  const { at, bytes } = into;
  const flags = MSG_DONTWAIT | MSG_TRUNC;
  return checked(Number(libc.symbols.recv(fd, at, bytes.length, flags)), "receive message");
}

/** open(2), read-only and closed on exec; the descriptor. Throws SysError. */
export function open(path: string): number {
  return checked(libc.symbols.open(ptr(cString(path)), O_CLOEXEC, 0), `open ${path}`);
}

/** close(2). Throws SysError. */
export function close(fd: number): void {
  checked(libc.symbols.close(fd), "close descriptor");
}

const MADV_DONTNEED = 4;

/** madvise(2), MADV_DONTNEED: pages of these addresses are read again where they are needed. Throws SysError. */
export function adviseDontNeed(address: number, length: number): void {
  checked(libc.symbols.madvise(BigInt(address), BigInt(length), MADV_DONTNEED), "give back pages");
}

/** mount(2) of a file system without a device. Throws SysError. */
export function mount(type: string, target: string, data: string): void {
  const [name, at, options] = [cString(type), cString(target), cString(data)];
  checked(
    libc.symbols.mount(ptr(name), ptr(at), ptr(name), 0n, ptr(options)),
    `mount ${type} at ${target}`,
  );
}

/** umount2(2), detaching lazily. Throws SysError. */
export function umount(target: string): void {
  checked(libc.symbols.umount2(ptr(cString(target)), 2), `unmount ${target}`);
}

/** syscall(2) of the form (command, struct, size), as bpf(2) is. Throws SysError. */
export function commandCall(
  call: { readonly number: number; readonly command: number; readonly what: string },
  attributes: Uint8Array,
): number {
  const { number, command, what } = call;
  return checked(
    Number(libc.symbols.syscall(number, command, ptr(attributes), attributes.length)),
    what,
  );
}

function checked(result: number, what: string): number {
  if (result >= 0) return result;
  const at = libc.symbols.__errno_location();
  throw new SysError(what, at === null ? 0 : read.i32(at, 0));
}
