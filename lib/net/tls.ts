/** The TLS door.
 *
 * TLS on a stream whose first bytes were already read, and TLS to a peer with a named identity.
 * The undocumented surface of Bun (`upgradeTLS` as a server, `secureContext`) is used here and nowhere else;
 * tls.test.ts is its contract, and tls-self-test.ts the part of it that every process checks when it starts.
 */

import { constants } from "node:crypto";
import { createSecureContext } from "node:tls";
import { peerIdentity } from "#lib/identity/peer-identity.ts";
import type { Clock } from "#lib/time/clock.ts";
import { alpnOf, alpnWire } from "./alpn.ts";
import {
  Attempt,
  bunOptions,
  ConnectError,
  type ConnectOptions,
  openSocket,
  openThere,
} from "./connect.ts";
import { takeInTurn } from "./opening-turns.ts";
import { type Peer, peerOf } from "./peer.ts";
import { type BunSocket, type FaultObserver, socketHandlers, TcpStream } from "./tcp-stream.ts";

/** A key, its chain and the anchors that peers must chain to, all PEM. Replaced as a whole on renewal. */
export interface TlsMaterial {
  /** Undefined, with the chain, for a client that has no certificate yet. */
  readonly keyPem: string | undefined;
  readonly chainPem: string | undefined;
  readonly anchorsPem: string;
}

/**
 * A handshake must be over this long after the connection is open, one that we answer after its client has begun it. It
 * costs both sides about half a millisecond of processor time: a peer that is called by thousands at once is late, not
 * down.
 */
export const HANDSHAKE_LIMIT_MS = 5000;

/** Material made ready for handshakes: TLS 1.3 only, no tickets (a resumed session outlives its certificate). */
export class TlsCredentials {
  readonly material: TlsMaterial;
  /** The native context, as `node:tls` hands it to sockets inside. */
  readonly context: unknown;

  constructor(material: TlsMaterial) {
    this.material = material;
    const made = createSecureContext({
      ...(material.keyPem !== undefined && { key: material.keyPem, cert: material.chainPem }),
      ca: material.anchorsPem,
      minVersion: "TLSv1.3",
      secureOptions: constants.SSL_OP_NO_TICKET,
      requestCert: true,
      rejectUnauthorized: false,
    } as Parameters<typeof createSecureContext>[0]);
    this.context = (made as { readonly context: unknown }).context;
  }
}

/** A finished handshake. */
export interface TlsSession {
  readonly stream: TcpStream;
  /** The protocol that ALPN chose; undefined where none was offered. */
  readonly alpn: string | undefined;
  /** The identity that the other side has proved; undefined where a client showed no certificate. */
  readonly peerName: string | undefined;
}

/** Why a handshake failed. */
export class TlsError extends Error {
  override readonly name = "TlsError";
  /** `peer-certificate`: one was presented and does not chain, is expired or self-signed. */
  readonly code: "handshake" | "peer-certificate" | "version" | "closed";

  constructor(
    message: string,
    options: { readonly code: TlsError["code"]; readonly cause?: unknown },
  ) {
    super(message, { cause: options.cause });
    this.code = options.code;
  }
}

/** Exactly one of the two is called. */
export interface AcceptObserver {
  onSession(session: TlsSession): void;
  onFailed(error: TlsError): void;
}

/** How a client's TLS is answered. */
interface AcceptOptions {
  readonly initial: Uint8Array;
  readonly credentials: TlsCredentials;
  readonly alpn: readonly string[];
  readonly onFault: FaultObserver;
  /** Keeps the handshake to HANDSHAKE_LIMIT_MS. */
  readonly clock: Clock;
}

/**
 * Terminates TLS on a stream, in its turn. `initial` holds all bytes read so far. A client certificate is asked for and
 * not required; one that is presented and does not verify ends the connection before any of its bytes are seen.
 */
export function acceptTls(
  stream: TcpStream,
  options: AcceptOptions,
  observer: AcceptObserver,
): void {
  takeInTurn(stream, {
    begin: () => upgrade(stream, options, observer),
    onGone: () => observer.onFailed(gone(undefined)),
    onFault: options.onFault,
  });
}

const gone = (cause: Error | undefined): TlsError =>
  new TlsError("Cannot finish handshake: connection closed", { code: "closed", cause });

function upgrade(stream: TcpStream, options: AcceptOptions, observer: AcceptObserver): void {
  let settled = false;
  const fail = (socket: BunSocket | undefined, error: TlsError): void => {
    late.cancel();
    if (!settled) {
      settled = true;
      observer.onFailed(error);
    }
    socket?.terminate();
  };
  const handlers = socketHandlers(options.onFault);
  const plain = stream.detach();
  let secured: BunSocket | undefined;
  const late = options.clock.after(HANDSHAKE_LIMIT_MS, () => {
    const message = `Cannot finish handshake: it took more than ${HANDSHAKE_LIMIT_MS} ms`;
    fail(secured, new TlsError(message, { code: "handshake" }));
  });
  const how = {
    isServer: true,
    initialData: options.initial,
    data: {
      received: () => undefined,
      ended: () => undefined,
      drained: () => undefined,
      closed: (cause: Error | undefined) => fail(undefined, gone(cause)),
    },
    tls: {
      secureContext: options.credentials.context,
      requestCert: true,
      rejectUnauthorized: false,
      ...(options.alpn.length > 0 && { ALPNProtocols: alpnWire(options.alpn) }),
    },
    socket: {
      ...handlers,
      handshake: (socket: BunSocket, ok: boolean, cause: Error | null): void => {
        const peer = peerOf(socket);
        const peerName = peer && peerIdentity(peer.names);
        const refusal = judgeClient(socket, { ok, cause, peer, peerName });
        if (refusal !== undefined) {
          fail(socket, refusal);
          return;
        }
        late.cancel();
        settled = true;
        const secure = new TcpStream(socket);
        socket.data = secure;
        observer.onSession({ stream: secure, alpn: alpnOf(socket), peerName });
      },
    },
  } as unknown as Parameters<BunSocket["upgradeTLS"]>[0];
  try {
    [, secured] = plain.upgradeTLS(how) as unknown as [BunSocket, BunSocket];
  } catch (error) {
    // The stream no longer has it to end.
    fail(plain, new TlsError("Cannot begin handshake", { code: "handshake", cause: error }));
    throw error;
  }
}

/** Why this client may not go on; undefined where it may (with a verified certificate or with none). */
function judgeClient(
  socket: BunSocket,
  how: {
    readonly ok: boolean;
    readonly cause: Error | null;
    readonly peer: Peer | undefined;
    readonly peerName: string | undefined;
  },
): TlsError | undefined {
  const { ok, cause, peer, peerName } = how;
  if (!ok) return new TlsError("Cannot finish handshake: it failed", { code: "handshake", cause });
  const refused = (what: string): TlsError =>
    new TlsError(`Cannot accept client: its certificate ${what}`, {
      code: "peer-certificate",
      cause,
    });
  if (peer !== undefined && !socket.authorized) return refused("does not verify");
  if (peer?.odd !== undefined) return refused(peer.odd);
  if (peer !== undefined && peerName === undefined) return refused("names no workload");
  if (socket.getTLSVersion() !== "TLSv1.3")
    return new TlsError("Cannot accept client: it does not speak TLS 1.3", { code: "version" });
  return undefined;
}

/** Whom to connect to with TLS. */
interface TlsConnectOptions extends ConnectOptions {
  readonly credentials: TlsCredentials;
  /** Sent as SNI. */
  readonly serverName: string;
  /** What the peer's certificate must name, of DNS or URI form, where that is not `serverName`. */
  readonly identity?: string;
  readonly alpn: readonly string[];
}

/** Exactly one of the two is called. */
interface TlsConnectObserver {
  onConnected(session: TlsSession): void;
  onFailed(error: ConnectError): void;
}

/** Connects with TLS and insists on the peer's identity: its certificate must chain and name it. */
export function connectTls(options: TlsConnectOptions, observer: TlsConnectObserver): void {
  openThere(options, () => openTls(options, observer));
}

function openTls(options: TlsConnectOptions, observer: TlsConnectObserver): void {
  let connected: BunSocket | undefined;
  const attempt = new Attempt(options, (error) => {
    // Whoever has it open and says nothing would keep it.
    connected?.terminate();
    observer.onFailed(error);
  });
  const where = `${options.ip}:${options.port}`;
  const { serverName, identity = serverName } = options;
  const fail = (code: ConnectError["code"], cause: unknown): void => {
    if (!attempt.settle()) return;
    const what = code === "refused" ? "connection refused" : `${identity} not proved`;
    observer.onFailed(new ConnectError(`Cannot connect to ${where}: ${what}`, { code, cause }));
  };
  const { material } = options.credentials;
  const socket = {
    ...socketHandlers(options.onFault),
    open: (opened: BunSocket): void => {
      connected = opened;
      if (attempt.settled) opened.terminate();
      else attempt.goOn(HANDSHAKE_LIMIT_MS);
    },
    handshake: (
      opened: BunSocket,
      ok: boolean,
      cause: (Error & { readonly code?: string }) | null,
    ): void => {
      const refusal = judgeServer(opened, { ok, code: cause?.code, serverName, identity });
      if (refusal !== undefined) {
        fail(refusal, cause);
        opened.terminate();
        return;
      }
      if (!attempt.settle()) {
        opened.terminate();
        return;
      }
      const stream = new TcpStream(opened);
      opened.data = stream;
      observer.onConnected({ stream, alpn: alpnOf(opened), peerName: identity });
    },
    connectError: (_: BunSocket, error: Error): void => fail("refused", error),
  };
  const data = {
    received: (): undefined => undefined,
    ended: (): undefined => undefined,
    drained: (): undefined => undefined,
    closed: (error: Error | undefined): void => fail("tls", error),
  };
  const tls = {
    ...(material.keyPem !== undefined && { key: material.keyPem, cert: material.chainPem }),
    ca: material.anchorsPem,
    serverName,
    // Where another name counts than the one that is sent, the runtime cannot judge.
    rejectUnauthorized: identity === serverName,
    ...(options.alpn.length > 0 && { ALPNProtocols: alpnWire(options.alpn) }),
  };
  openSocket({ ...bunOptions(options), data, tls, socket }, (cause) => fail("refused", cause));
}

/** What the runtime says of a name that is not in a certificate, once its chain has been found good. */
const OTHER_NAME = "ERR_TLS_CERT_ALTNAME_INVALID";

/** Why this server may not be spoken to; undefined where it may. */
function judgeServer(
  socket: BunSocket,
  how: {
    readonly serverName: string;
    readonly identity: string;
    readonly ok: boolean;
    readonly code: string | undefined;
  },
): "identity" | "tls" | undefined {
  const trusted = how.ok && socket.authorized;
  const isAnother = how.code === OTHER_NAME;
  if (!trusted && !isAnother) return "tls";
  if (isAnother && how.identity === how.serverName) return "identity";
  const peer = peerOf(socket);
  if (peer === undefined || peer.odd !== undefined) return "tls";
  // A wildcard is good enough for the runtime, and names nobody.
  if (!peer.names.some(({ name }) => name === how.identity)) return "identity";
  return socket.getTLSVersion() === "TLSv1.3" ? undefined : "tls";
}
