/** What a direction does with its requests. */

import type { ResponseHead } from "#lib/http/message.ts";
import type {
  ClientConnection,
  ConnectionWaiter,
  RequestHandler,
  ResponseHandler,
} from "#lib/http-io/exchange.ts";
import type { Exchange, Stack } from "#lib/stack/stack.ts";
import type { InFlight } from "./in-flight.ts";
import type { LimitsOwner } from "./request-limits.ts";
import type { ErrorKind } from "./rescue.ts";

/** What a request under way is to those that work on it. */
export type ExchangeHandlers = Exchange &
  RequestHandler &
  ResponseHandler &
  ConnectionWaiter &
  LimitsOwner;

/** What the direction a request goes in does with it; one object a connection, never one a request. */
export interface Direction<R extends Exchange> {
  /** The stations from route to endpoint. */
  readonly path: Stack<R>;
  /** Where a request goes back to when its endpoint could not be reached. */
  readonly retryFrom: number;
  readonly informational: boolean;
  /** Counts the requests of all its connections. */
  readonly inFlight: InFlight;
  /**
   * Where true (outbound), what another proxy says it has not delivered is tried elsewhere. Where false (inbound), it
   * is we who say so to a meshed caller.
   */
  readonly rescues: boolean;
  /** Whether the endpoint is behind another proxy: only that one knows what was delivered. */
  isMeshed(request: R): boolean;
  now(): number;
  /** The connection to send on: the one that is there, or one that tells of the request as well. */
  via(request: R, connection: ClientConnection): ClientConnection;
  /** Last changes of the request's head before it is sent. */
  onSend(request: R): void;
  /** Changes of the response's head before it goes to the client. */
  onResponse(request: R, head: ResponseHead): void;
  /** The head of the answer, the endpoint's or one that the proxy made up, as it goes to the client. */
  onAnswer(request: R, head: ResponseHead): void;
  /** The endpoint could not be reached or did not take the request. */
  onEndpointFailed(request: R): void;
  /** The endpoint's proxy could not deliver the request, and it goes elsewhere. */
  onRescued(request: R): void;
  /** An endpoint answered, or (status 0) took the request and broke off; -1 is no code of a call. */
  onOutcome(request: R, status: number, grpcStatus: number): void;
  /** An attempt is over, whether there was an outcome or not. */
  onAttemptOver(request: R): void;
  /** The request is tried again as policy says; the station to begin with. */
  onRetry(request: R): number;
  /** Counts an error that the proxy answered. */
  onError(request: R, kind: ErrorKind): void;
  /**
   * The request has left the endpoint, however it ended; milliseconds to the head as it came, or in which none did, -1
   * where it was not sent.
   */
  onReleased(request: R, waitedMs: number, head?: ResponseHead): void;
}
