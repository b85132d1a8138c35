import { expect, test } from "bun:test";
import type { TcpStream } from "#lib/net/tcp-stream.ts";
import { FakeClock } from "../test/fake/clock.ts";
import { CaptureProof, PROOF_RETRY_MS } from "./capture-proof.ts";

const INTERVAL_MS = 60_000;

const NONCE = Buffer.alloc(16, 7);

function setup() {
  const clock = new FakeClock();
  const proof = new CaptureProof({
    probes: [{ ip: "127.0.0.1", port: 1 }],
    intervalMs: INTERVAL_MS,
    clock,
    nonce: () => NONCE,
    onFault: () => undefined,
  });
  const arrive = (bytes: Uint8Array): string[] => {
    const calls: string[] = [];
    const stream = { destroy: () => calls.push("destroy") } as unknown as TcpStream;
    proof.arrived(stream);
    stream.handler.onData(bytes.subarray(0, 5));
    stream.handler.onData(bytes.subarray(5));
    stream.handler.onDrain();
    stream.handler.onEnd();
    stream.handler.onClose(undefined);
    return calls;
  };
  return { clock, proof, arrive };
}

test("CaptureProof holds once its own nonce came back, and is renewed every minute", () => {
  const { clock, proof, arrive } = setup();
  proof.start();
  expect(proof.proved).toBe(false);
  expect(arrive(NONCE)).toEqual(["destroy", "destroy"]);
  clock.advance(1000);
  expect([proof.proved, clock.nextMs]).toEqual([true, INTERVAL_MS]);
  clock.advance(INTERVAL_MS + 1000);
  expect([proof.proved, clock.nextMs]).toEqual([false, PROOF_RETRY_MS]);
  proof.stop();
});

test("CaptureProof does not believe another nonce", () => {
  const { clock, proof, arrive } = setup();
  proof.start();
  expect(arrive(Buffer.alloc(16, 8))).toEqual(["destroy"]);
  clock.advance(1000);
  expect([proof.proved, clock.nextMs]).toEqual([false, PROOF_RETRY_MS]);
  proof.stop();
});
