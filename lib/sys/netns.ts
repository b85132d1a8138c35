/** Work inside another network namespace, and the cookie that names one. */

import { close, getsockopt, LibcBuffer, open, setns, socket } from "./libc.ts";

const CLONE_NEWNET = 0x40000000;
const AF_INET = 2;
const SOCK_STREAM = 1;
const SOL_SOCKET = 1;
const SO_NETNS_COOKIE = 71;

/** Runs `work` while this thread is in the namespace at `path`. It must be synchronous: the thread returns with it. */
export function inNetns<R>(path: string, work: () => R): R {
  const home = open("/proc/thread-self/ns/net");
  try {
    const other = open(path);
    try {
      setns(other, CLONE_NEWNET);
      try {
        return work();
      } finally {
        setns(home, CLONE_NEWNET);
      }
    } finally {
      close(other);
    }
  } finally {
    close(home);
  }
}

/** The cookie of the network namespace at `path`, never reused before a reboot. Needs Linux 5.14. */
export function netnsCookie(path: string): bigint {
  return inNetns(path, () => {
    const fd = socket(AF_INET, SOCK_STREAM);
    try {
      const into = new LibcBuffer(8);
      if (!getsockopt(fd, { level: SOL_SOCKET, name: SO_NETNS_COOKIE }, into))
        throw new Error(`Cannot read cookie of ${path}: the kernel knows none`);
      return new DataView(into.bytes.buffer).getBigUint64(0, true);
    } finally {
      close(fd);
    }
  });
}
