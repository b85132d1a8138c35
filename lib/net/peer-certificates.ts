/** The certificates that a peer shows in a handshake, whoever vouches for them: to be looked at, not to be trusted. */

import type { X509Certificate } from "node:crypto";
import { Duplex } from "node:stream";
import { connect } from "node:tls";
import type { ByteStream } from "./byte-stream.ts";

/** So many certificates of a chain are read. */
const CHAIN_LIMIT = 8;

/** Begins TLS 1.3 on a stream, reads the chain, its own certificate first, and closes the stream. Rejects where the peer shows none. */
export function peerCertificates(
  stream: ByteStream,
  serverName: string,
): Promise<readonly X509Certificate[]> {
  const duplex = asDuplex(stream);
  return new Promise<readonly X509Certificate[]>((resolve, reject) => {
    const socket = connect({
      socket: duplex,
      servername: serverName,
      // Nothing is sent and nothing read but the certificates.
      rejectUnauthorized: false,
      minVersion: "TLSv1.3",
    });
    const fail = (cause?: Error): void =>
      reject(new Error("Cannot read certificates: the peer ended the handshake", { cause }));
    socket.once("secureConnect", () => {
      const chain = chainOf(socket.getPeerX509Certificate());
      if (chain.length > 0) resolve(chain);
      else reject(new Error("Cannot read certificates: the peer showed none"));
    });
    socket.once("error", fail);
    socket.once("close", () => fail());
    duplex.once("error", fail);
  }).finally(() => {
    duplex.destroy();
    stream.destroy();
  });
}

function chainOf(first: X509Certificate | undefined): X509Certificate[] {
  const chain: X509Certificate[] = [];
  for (let next = first; next !== undefined && chain.length < CHAIN_LIMIT; ) {
    chain.push(next);
    const { issuerCertificate } = next;
    next =
      issuerCertificate?.fingerprint256 === next.fingerprint256 ? undefined : issuerCertificate;
  }
  return chain;
}

function asDuplex(stream: ByteStream): Duplex {
  const duplex = new Duplex({
    read: () => undefined,
    write: (chunk: Uint8Array, _, done) => {
      stream.write(new Uint8Array(chunk));
      done();
    },
    final: (done) => {
      stream.end();
      done();
    },
  });
  stream.handler = {
    onData: (chunk) => void duplex.push(new Uint8Array(chunk)),
    onEnd: () => void duplex.push(null),
    onDrain: () => undefined,
    onClose: (error) => void duplex.destroy(error),
  };
  return duplex;
}
