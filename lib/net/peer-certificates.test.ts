import { afterAll, expect, test } from "bun:test";
import { TlsDoor } from "../../test/fake/tls-door.ts";
import type { ByteStream } from "./byte-stream.ts";
import { peerCertificates } from "./peer-certificates.ts";

const NAME = "web.shop.serviceaccount.identity.linkerd.cluster.local";
const door = new TlsDoor(NAME);
afterAll(() => door.stop());

test("peerCertificates() reads what a proxy shows to anybody, whoever vouches for it", async () => {
  const chain = await peerCertificates(await door.dial(), NAME);
  expect(chain[0]?.subjectAltName).toBe(`DNS:${NAME}`);
});

test("peerCertificates() rejects where the peer is gone before it showed one", async () => {
  const gone: ByteStream = {
    handler: { onData: () => {}, onEnd: () => {}, onDrain: () => {}, onClose: () => {} },
    remoteAddress: "",
    remotePort: 0,
    localAddress: "",
    localPort: 0,
    queuedBytes: 0,
    write: () => {
      queueMicrotask(() => gone.handler.onClose(undefined));
      return true;
    },
    end: () => undefined,
    destroy: () => undefined,
    pause: () => undefined,
    resume: () => undefined,
  };
  const failure = await peerCertificates(gone, NAME).catch((error: unknown) => String(error));
  expect(failure).toContain("Cannot read certificates");
});
