/** What the TLS door relies on, tried out on loopback with throw-away credentials when a process starts. */

import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import type { Clock } from "#lib/time/clock.ts";
import { readClientHello } from "#lib/tls/client-hello.ts";
import { toPem } from "#lib/x509/pem.ts";
import { signCertificate } from "#lib/x509/sign.ts";
import type { ByteStream } from "./byte-stream.ts";
import type { ConnectError } from "./connect.ts";
import { listen } from "./listener.ts";
import type { TcpStream } from "./tcp-stream.ts";
import { acceptTls, connectTls, TlsCredentials, type TlsError, type TlsSession } from "./tls.ts";

/** Handshakes that have not ended after so many milliseconds have failed. */
export const SELF_TEST_LIMIT_MS = 5000;

const NAME = "self-test.bunkerd";
const OTHER_NAME = "other.bunkerd";
const ALPN = "bunkerd-self-test";
const HOUR_MS = 3_600_000;
const PING: Buffer = Buffer.from("ping");

/** TLS of this runtime does not do what the door relies on; `found` says what it did instead. */
export class TlsContractError extends Error {
  override readonly name = "TlsContractError";
  readonly found: readonly string[];

  constructor(found: readonly string[]) {
    super(`Cannot trust TLS of this runtime: ${found.join("; ")}`);
    this.found = found;
  }
}

/** The doors that are tried; tests put bad ones in their place. */
export type TlsDoors = {
  readonly acceptTls: typeof acceptTls;
  readonly connectTls: typeof connectTls;
};

/**
 * Three handshakes at once: one that must succeed and show certificate, SNI and ALPN to both sides and give no ticket,
 * one with the wrong server identity, one with a client certificate that nobody vouches for; the last two must fail
 * before a byte is exchanged. Rejects with TlsContractError. It takes about 10 ms.
 */
export async function checkTlsContract(
  clock: Clock,
  doors: TlsDoors = { acceptTls, connectTls },
): Promise<void> {
  const { good, rogue } = makeCredentials(clock.wall());
  const how = { clock, doors, server: good };
  const [proper, misnamed, stranger] = await Promise.all([
    new Handshake({ ...how, client: good, serverName: NAME }).run(),
    new Handshake({ ...how, client: good, serverName: OTHER_NAME }).run(),
    new Handshake({ ...how, client: rogue, serverName: NAME }).run(),
  ]);
  const found = [
    ...judgeProper(proper),
    ...(misnamed.client === "identity" && misnamed.bytes === 0
      ? []
      : [`a server of another name was ${said(misnamed.client)}`]),
    ...(stranger.server === "peer-certificate" && stranger.bytes === 0
      ? []
      : [`a client certificate of nobody's was ${said(stranger.server)}`]),
  ];
  if (found.length > 0) throw new TlsContractError(found);
}

/** What both ends saw: a session, or the code of the error. */
type Seen = {
  readonly client: TlsSession | string;
  readonly server: TlsSession | string;
  readonly hello: ReturnType<typeof readClientHello>;
  /** Application bytes that reached the server. */
  readonly bytes: number;
  readonly echoed: boolean;
  readonly ticket: boolean;
};

function judgeProper({ client, server, hello, echoed, ticket }: Seen): string[] {
  if (typeof client === "string" || typeof server === "string")
    return [`a good handshake ended: client ${said(client)}, server ${said(server)}`];
  const sees = (what: string, right: boolean): string[] => (right ? [] : [what]);
  return [
    ...sees("SNI is not seen", hello.type === "tls" && hello.sni === NAME),
    ...sees("ALPN is not seen", hello.type === "tls" && hello.alpn[0] === ALPN),
    ...sees("ALPN is not chosen", client.alpn === ALPN && server.alpn === ALPN),
    ...sees("the client's certificate is not seen", server.peerName === NAME),
    ...sees("the server's certificate is not seen", client.peerName === NAME),
    ...sees("bytes do not come through", echoed),
    ...sees("a session ticket was given", !ticket),
  ];
}

function said(end: TlsSession | string): string {
  return typeof end === "string" ? `refused as ${end}` : "accepted";
}

type Trial = {
  readonly clock: Clock;
  readonly doors: TlsDoors;
  readonly server: TlsCredentials;
  readonly client: TlsCredentials;
  readonly serverName: string;
};

/** One connection, until both ends know how the handshake went, and a byte has come back or the connection is gone. */
class Handshake {
  readonly #trial: Trial;
  readonly #server = Promise.withResolvers<TlsSession | string>();
  readonly #client = Promise.withResolvers<TlsSession | string>();
  readonly #over = Promise.withResolvers<void>();
  readonly #open: ByteStream[] = [];
  #hello = readClientHello(new Uint8Array(0));
  #bytes = 0;
  #echoed = false;
  #ticket = false;

  constructor(trial: Trial) {
    this.#trial = trial;
  }

  async run(): Promise<Seen> {
    const { clock } = this.#trial;
    const limit = clock.after(SELF_TEST_LIMIT_MS, () => this.#fail(new Error("late")));
    const address = { ip: "127.0.0.1", port: 0 };
    const listener = listen(address, (stream) => this.#accept(stream), this.#fail);
    this.#connect(listener.port);
    const [client, server] = await Promise.all([
      this.#client.promise,
      this.#server.promise,
      this.#over.promise,
    ]);
    limit.cancel();
    listener.stop();
    for (const stream of this.#open) stream.destroy();
    return {
      client,
      server,
      hello: this.#hello,
      bytes: this.#bytes,
      echoed: this.#echoed,
      ticket: this.#ticket,
    };
  }

  readonly #fail = (error: Error): void => {
    this.#server.resolve(error.message);
    this.#client.resolve(error.message);
    this.#over.resolve();
  };

  #accept(stream: TcpStream): void {
    this.#open.push(stream);
    stream.handler = onBytes((chunk) => this.#terminate(stream, new Uint8Array(chunk)), ignore);
  }

  #terminate(stream: TcpStream, initial: Uint8Array): void {
    const { doors, server } = this.#trial;
    this.#hello = readClientHello(initial);
    const { clock } = this.#trial;
    const options = { initial, credentials: server, alpn: [ALPN], onFault: this.#fail, clock };
    doors.acceptTls(stream, options, {
      onSession: (session) => {
        this.#open.push(session.stream);
        session.stream.handler = onBytes((chunk) => {
          this.#bytes += chunk.length;
          session.stream.write(chunk);
        }, this.#over.resolve);
        this.#server.resolve(session);
      },
      onFailed: (error: TlsError) => {
        this.#server.resolve(error.code);
        this.#over.resolve();
      },
    });
  }

  #connect(port: number): void {
    const { clock, client, doors, serverName } = this.#trial;
    const target = { ip: "127.0.0.1", port, timeoutMs: SELF_TEST_LIMIT_MS, clock };
    const identity = { credentials: client, serverName, alpn: [ALPN] };
    doors.connectTls(
      { ...target, ...identity, onFault: this.#fail },
      {
        onConnected: (session) => {
          this.#open.push(session.stream);
          session.stream.handler = onBytes((chunk) => {
            this.#echoed = PING.equals(chunk);
            this.#ticket = session.stream.hasTicket;
            this.#over.resolve();
          }, this.#over.resolve);
          session.stream.write(PING);
          this.#client.resolve(session);
        },
        onFailed: (error: ConnectError) => this.#client.resolve(error.code),
      },
    );
  }
}

const ignore = (): void => undefined;

function onBytes(onData: (chunk: Uint8Array) => void, onOver: () => void): ByteStream["handler"] {
  return { onData, onEnd: onOver, onDrain: ignore, onClose: onOver };
}

/** An authority's leaf, and one that a stranger signed for the same key. */
function makeCredentials(wallMs: number): { good: TlsCredentials; rogue: TlsCredentials } {
  const [root, leaf] = [newKey(), newKey()];
  const keyPem = leaf.export({ format: "pem", type: "pkcs8" }).toString();
  const issue = (signer: KeyObject, name: string, authority: boolean): string => {
    const content = {
      commonName: name,
      issuerCommonName: "root.bunkerd",
      dnsNames: [name],
      publicKey: createPublicKey(authority ? signer : leaf),
      serial: Uint8Array.of(1, signer === root ? 1 : 2, authority ? 1 : 2),
      notBefore: new Date(wallMs - HOUR_MS),
      notAfter: new Date(wallMs + HOUR_MS),
      authority,
    };
    return toPem(
      "CERTIFICATE",
      signCertificate(content, (bytes) => sign("sha256", bytes, signer)),
    );
  };
  const anchorsPem = issue(root, "root.bunkerd", true);
  const made = (chainPem: string): TlsCredentials =>
    new TlsCredentials({ keyPem, chainPem, anchorsPem });
  return { good: made(issue(root, NAME, false)), rogue: made(issue(leaf, NAME, false)) };
}

function newKey(): KeyObject {
  return generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
}
