/** An extended CONNECT of HTTP/2 for a server of HTTP/1: an Upgrade, and its 101 as a 200 (RFC 8441 §5, RFC 6455 §4). */

import type { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead, ResponseHead } from "#lib/http/message.ts";
import { joinCookies } from "#lib/http/semantics.ts";
import { acceptKey } from "#lib/http/websocket.ts";
import { ErrorCode } from "#lib/http2/http2-error.ts";
import type { ClientConnection, ClientStream, Reset, ResponseHandler } from "./exchange.ts";
import { HeldBody } from "./held-body.ts";

/** The only protocol that such a request can be carried on with: of others nobody knows what HTTP/1 calls them. */
const WEBSOCKET = "websocket";
const BROKEN: Reset = { reason: "protocol", code: ErrorCode.CONNECT_ERROR, unprocessed: false };

/** Sends an extended CONNECT on a connection, whatever its version: in HTTP/1 as an Upgrade. */
export function sendExtendedConnect(
  connection: ClientConnection,
  head: RequestHead,
  handler: ResponseHandler,
): ClientStream {
  if (connection.version === "HTTP/2") return connection.send(head, false, handler);
  const key = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("base64");
  const stream = new UpgradeStream(handler, acceptKey(key));
  const headers = head.headers.clone();
  for (const name of ["content-length", "sec-websocket-key"]) headers.delete(name);
  joinCookies(headers);
  headers.add("upgrade", head.protocol);
  headers.add("sec-websocket-key", key);
  const upgrade = { ...head, method: "GET", protocol: "", headers };
  stream.upstream = connection.send(upgrade, false, stream);
  return stream;
}

/** Whether a request may be carried on with an Upgrade. */
export function isUpgradable({ protocol }: RequestHead): boolean {
  return protocol.toLowerCase() === WEBSOCKET;
}

/** Keeps what the client says until the server has switched: before that it would be taken for a request. */
class UpgradeStream implements ClientStream, ResponseHandler {
  upstream: ClientStream | undefined;
  readonly #handler: ResponseHandler;
  readonly #accept: string;
  readonly #body = new HeldBody(false);
  #open = false;
  #over = false;

  constructor(handler: ResponseHandler, accept: string) {
    this.#handler = handler;
    this.#accept = accept;
  }

  sendBytes(bytes: Uint8Array, from: number, to: number): boolean {
    if (this.#open) return this.upstream?.sendBytes(bytes, from, to) ?? true;
    this.#body.data(bytes, from, to);
    return false;
  }

  sendEnd(): void {
    if (this.#open) this.upstream?.sendEnd(undefined);
    else this.#body.end(undefined);
  }

  resetRequest(code: number): void {
    this.#over = true;
    this.upstream?.resetRequest(code);
  }

  pauseResponse(): void {
    this.upstream?.pauseResponse();
  }

  resumeResponse(): void {
    this.upstream?.resumeResponse();
  }

  onResponseInformational(head: ResponseHead): void {
    this.#handler.onResponseInformational(head);
  }

  onResponseHead(head: ResponseHead, end: boolean): void {
    const { status, headers } = head;
    const accepted =
      headers.get("sec-websocket-accept") === this.#accept &&
      headers.get("upgrade")?.toLowerCase() === WEBSOCKET;
    if (status < 300 && !(status === 101 && accepted)) {
      this.resetRequest(ErrorCode.CANCEL);
      this.#handler.onResponseReset(BROKEN);
      return;
    }
    for (const name of ["upgrade", "connection", "sec-websocket-accept"]) headers.delete(name);
    if (status === 101) head.status = 200;
    this.#handler.onResponseHead(head, end);
    if (status !== 101) return;
    this.#open = true;
    if (this.upstream !== undefined) this.#body.release(this.upstream, this.#handler);
  }

  onResponseBytes(bytes: Buffer, from: number, to: number): void {
    if (!this.#over) this.#handler.onResponseBytes(bytes, from, to);
  }

  onResponseEnd(trailers: HeaderList | undefined): void {
    if (!this.#over) this.#handler.onResponseEnd(trailers);
  }

  onResponseReset(reset: Reset): void {
    if (!this.#over) this.#handler.onResponseReset(reset);
  }

  onRequestWritable(): void {
    if (this.#open) this.#handler.onRequestWritable();
  }
}
