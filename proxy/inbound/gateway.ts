/** Requests of other clusters that go on from here (P28): which, and where to; loops end here. */

import type { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead } from "#lib/http/message.ts";
import type { ConnectObserver } from "#lib/net/connect.ts";
import type { Station, Verdict } from "#lib/stack/stack.ts";
import type { Forwarded } from "../http/forwarded.ts";
import { ORIG_PROTO } from "../http/orig-proto.ts";
import type { ServerPolicy } from "../policy/server-policy.ts";
import type { TransportHeader } from "../transport/header.ts";
import type { AppPools } from "./forward.ts";

/** What a gateway is asked; the outbound side answers. */
export interface Gateway {
  /** Begins with a connection. Its header names where it goes; without a name each request does. */
  begin(header: Pick<TransportHeader, "name" | "port">): GatewaySession;
}

/** Where requests or bytes go. */
export interface GatewayTarget {
  /** Host and port as requests name them (without the port where it is 80). */
  readonly authority: string;
  /** Whether somebody knows it; undefined as long as that is not known. */
  readonly exists: boolean | undefined;
  /** Calls one of both: `onLate` where that is not known soon enough. */
  whenKnown(wake: () => void, onLate: () => void): void;
}

/** One connection. */
export interface GatewaySession {
  /** Our own identity, by which a loop is noticed. */
  readonly localName: string;
  /** Go on on the outbound side. */
  readonly pools: AppPools;
  /** Where a request goes; undefined where that is not allowed. */
  find(head: Pick<RequestHead, "authority">): GatewayTarget | undefined;
  /** Connects for opaque bytes. */
  connect(observer: GatewayObserver): void;
  close(): void;
}

/** Who waits for a connection; `onOver` is to be called once it is closed. */
export interface GatewayObserver {
  readonly isWanted: boolean;
  onConnected(upstream: Parameters<ConnectObserver["onConnected"]>[0], onOver: () => void): void;
  /** By the word that metrics have for why. */
  onRefused(error: string): void;
}

/** What the station asks of a request's connection. */
export interface GatewayCall {
  readonly gateway: GatewaySession | undefined;
  /** The verified identity of who calls. */
  readonly clientId: string;
}

const FORWARDED = "forwarded";

/** The station of requests that go on; `callOf` finds what their connection is. */
export const gatewayStation = (
  callOf: (request: Forwarded<ServerPolicy>) => GatewayCall,
): Station<Forwarded<ServerPolicy>> => ({
  name: "gateway",
  enter: (request): Verdict => {
    const { gateway, clientId } = callOf(request);
    const { request: head } = request;
    const target = gateway?.find(head);
    if (gateway === undefined || target === undefined || target.exists === false) {
      request.fail("gateway-domain", "gateway domain invalid");
      return "answered";
    }
    if (target.exists === undefined) {
      target.whenKnown(
        () => request.run(),
        () => request.fail("failfast", "gateway in fail-fast"),
      );
      return "parked";
    }
    const { localName } = gateway;
    if (clientId === localName || hasPassed(head.headers, localName)) {
      request.fail("gateway-loop", "gateway loop detected");
      return "answered";
    }
    const { authority } = target;
    head.headers.add(FORWARDED, `by=${localName};for=${clientId};host=${authority};proto=https`);
    // The other side has taken the Host away; what goes on in HTTP/2 keeps its authority.
    if (head.version !== "HTTP/2" || head.headers.has(ORIG_PROTO)) head.authority = authority;
    return "next";
  },
});

/** Whether a request has come through a proxy of this identity (RFC 7239, of which Linkerd writes this much). */
function hasPassed(headers: HeaderList, localName: string): boolean {
  if (!headers.has(FORWARDED)) return false;
  const ours = `by=${localName}`;
  const isOurs = (pair: string): boolean => pair.trim().replaceAll('"', "") === ours;
  return headers.getAll(FORWARDED).some((value) => value.split(/[;,]/).some(isOurs));
}
