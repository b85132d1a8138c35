import { expect, test } from "bun:test";
import { originalDst } from "./original-dst.ts";

const stream = (localAddress: string, localPort: number) => ({ localAddress, localPort });
const never = () => {
  throw new Error("Cannot ask kernel: not expected");
};

test("originalDst() takes the local address that eBPF shows", () => {
  expect(originalDst(stream("10.0.0.1", 80), { listenPort: 4140, askKernel: never })).toEqual({
    ip: "10.0.0.1",
    port: 80,
  });
});

test("P1, P2: originalDst() asks the kernel on the listener's own port", () => {
  const ask = (original: { ip: string; port: number } | undefined) =>
    originalDst(stream("127.0.0.1", 4140), { listenPort: 4140, askKernel: () => original });
  expect(ask({ ip: "10.0.0.1", port: 80 })).toEqual({ ip: "10.0.0.1", port: 80 });
  expect(ask(undefined)).toBeUndefined();
  expect(ask({ ip: "127.0.0.1", port: 4140 })).toBeUndefined();
  expect(ask({ ip: "192.0.2.1", port: 4140 })).toEqual({ ip: "192.0.2.1", port: 4140 });
});
