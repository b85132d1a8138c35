/** A port of this machine where connections are never made: its queue is full, and nobody takes any out. */

import { readFileSync, readlinkSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { close, setBacklog, socket } from "#lib/sys/libc.ts";
import { until } from "./mesh.ts";

const [INTERNET, STREAM] = [2, 1];

/** The port, and what gives it up. */
export interface StuckPort {
  readonly port: number;
  release(): void;
}

/** Takes one. The kernel gives a socket that listens unbound a port of its own choice. */
export async function stuckPort(): Promise<StuckPort> {
  const fd = socket(INTERNET, STREAM);
  setBacklog(fd, 0);
  const inode = /\d+/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[0] ?? "";
  const line = readFileSync("/proc/self/net/tcp", "utf8")
    .split("\n")
    .find((each) => each.trim().split(/\s+/)[9] === inode);
  const port = Number.parseInt(/^\s*\d+: [0-9A-F]+:([0-9A-F]{4})/.exec(line ?? "")?.[1] ?? "", 16);
  const filling: Socket = connect(port, "127.0.0.1");
  let full = false;
  filling.on("connect", () => {
    full = true;
  });
  await until(
    () => full,
    () => `nobody listens on ${port}`,
  );
  return {
    port,
    release: () => {
      filling.destroy();
      close(fd);
    },
  };
}
