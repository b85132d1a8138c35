/** `linkerd2-network-validator`: whether outbound connections of this pod come back to where its proxy will listen. */

import { connectTcp } from "#lib/net/connect.ts";
import { listen } from "#lib/net/listener.ts";
import type { TcpStream } from "#lib/net/tcp-stream.ts";
import type { Clock } from "#lib/time/clock.ts";
import type { ValidatorArgs } from "./args.ts";

/** What it needs of the world. */
export interface ValidatorWorld {
  readonly clock: Clock;
  /** What only our own connection can say. */
  readonly nonce: Uint8Array;
  readonly write: (line: string) => void;
}

/** By this Linkerd's repair controller knows a pod that has to be started again. */
export const EXIT_NOT_REDIRECTED = 95;
/** How often a connection is tried again: rules may come while it waits. */
const RETRY_MS = 500;

/** 0 where a connection of our own came back within the time, else `EXIT_NOT_REDIRECTED`. */
export async function validateNetwork(args: ValidatorArgs, world: ValidatorWorld): Promise<number> {
  const { clock, write } = world;
  const onFault = (error: Error): void => write(`Cannot read: ${error.message}`);
  let came: () => void = () => undefined;
  const back = new Promise<void>((resolve) => {
    came = resolve;
  });
  const listener = listen(args.listen, (stream) => expectNonce(stream, world.nonce, came), onFault);
  let isOver = false;
  const attempt = (): void => {
    if (isOver) return;
    const how = { ...args.connect, timeoutMs: RETRY_MS, clock, onFault };
    connectTcp(how, {
      onConnected: (stream) => {
        stream.write(world.nonce);
        stream.end();
      },
      onFailed: () => undefined,
    });
    clock.after(RETRY_MS, attempt);
  };
  attempt();
  const over = new Promise<"late">((resolve) => clock.after(args.timeoutMs, () => resolve("late")));
  const outcome = await Promise.race([back, over]);
  isOver = true;
  listener.stop();
  const { ip, port } = args.connect;
  write(
    outcome === "late"
      ? `Cannot validate: a connection to ${ip}:${port} did not come back to port ${args.listen.port} within ${args.timeoutMs} ms`
      : `Connections to ${ip}:${port} come back to port ${args.listen.port}`,
  );
  return outcome === "late" ? EXIT_NOT_REDIRECTED : 0;
}

function expectNonce(stream: TcpStream, nonce: Uint8Array, came: () => void): void {
  let received = Buffer.alloc(0);
  stream.handler = {
    onData: (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < nonce.length) return;
      if (received.equals(nonce)) came();
      stream.destroy();
    },
    onEnd: () => stream.destroy(),
    onDrain: () => undefined,
    onClose: () => undefined,
  };
}
