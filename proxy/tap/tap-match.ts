/** Which requests are looked at (proxy-api: tap.proto): source, destination, what they are, and labels. */

import { Cidr } from "#lib/addr/cidr.ts";
import { fromBytes, toBytes } from "#lib/addr/ip.ts";
import type { SocketAddr } from "#lib/addr/socket-addr.ts";
import type {
  ObserveRequest_Match,
  ObserveRequest_Match_Http,
  ObserveRequest_Match_Http_StringMatch,
  ObserveRequest_Match_Tcp,
} from "#lib/api/gen/proxy/tap_pb.ts";
import { GrpcCode, GrpcError } from "#lib/grpc/status.ts";
import type { RequestHead } from "#lib/http/message.ts";
import { withoutQuery } from "#lib/http/target.ts";
import { ipOf, METHODS, type TapLabels } from "./tap-values.ts";

/** A request as it goes to an endpoint, and who has to do with it. */
export interface TapSubject {
  readonly direction: "inbound" | "outbound";
  readonly request: RequestHead;
  readonly source: SocketAddr | undefined;
  readonly destination: SocketAddr;
  /** How the client connected, and how the endpoint is: `tls` and its like. */
  readonly sourceTls: TapLabels;
  readonly destinationTls: TapLabels;
  /** Those that metrics show as `dst_*`, without the prefix. */
  readonly destinationLabels: TapLabels;
  /** Those that metrics show as `rt_*`, without the prefix; undefined without a profile's route. */
  readonly routeLabels: TapLabels | undefined;
}

/** Whether a request is meant. */
export type TapTest = (subject: TapSubject) => boolean;

/** Matches within each other. */
const DEPTH_LIMIT = 32;

/** Reads a match. Throws GrpcError (INVALID_ARGUMENT) where it says nothing, or something impossible. */
export function toTapTest(message: ObserveRequest_Match | undefined, depth = 0): TapTest {
  if (depth > DEPTH_LIMIT) throw invalid("matches are too deep");
  const match = message?.match;
  switch (match?.case) {
    case "all":
    case "any": {
      const known = match.value.matches.filter((each) => each.match.case !== undefined);
      const tests = known.map((each) => toTapTest(each, depth + 1));
      return match.case === "all"
        ? (subject) => tests.every((test) => test(subject))
        : (subject) => tests.some((test) => test(subject));
    }
    case "not": {
      const test = toTapTest(match.value, depth + 1);
      return (subject) => !test(subject);
    }
    case "source": {
      const test = toAddrTest(match.value);
      return ({ source }) => source !== undefined && test(source);
    }
    case "destination": {
      const test = toAddrTest(match.value);
      return ({ destination }) => test(destination);
    }
    case "http":
      return toHttpTest(match.value);
    case "destinationLabel":
    case "routeLabel": {
      const { key, value } = match.value;
      if (key === "" || value === "") throw missing();
      return match.case === "routeLabel"
        ? ({ routeLabels }) => routeLabels?.[key] === value
        : ({ destinationLabels }) => destinationLabels[key] === value;
    }
    case undefined:
      throw missing();
  }
}

function toAddrTest({ match }: ObserveRequest_Match_Tcp): (addr: SocketAddr) => boolean {
  switch (match.case) {
    case "netmask": {
      const { ip: message, mask } = match.value;
      const ip = ipOf(message);
      if (mask === 0 || ip === undefined) throw missing();
      const net = Cidr.parse(`${fromBytes(toBytes(ip))}/${mask}`);
      if (net === undefined) throw invalid("invalid network address");
      return (addr) => net.contains(addr.ip);
    }
    case "ports": {
      // Either one alone means itself.
      const min = match.value.min || match.value.max;
      const max = match.value.max || match.value.min;
      if (min === 0) throw missing();
      if (min > max || max > 0xffff) throw invalid("invalid port number");
      return ({ port }) => min <= port && port <= max;
    }
    case undefined:
      throw missing();
  }
}

function toHttpTest({ match }: ObserveRequest_Match_Http): TapTest {
  switch (match.case) {
    case "scheme": {
      const { type } = match.value;
      if (type.case === undefined) throw missing();
      if (type.case === "registered" && type.value > 1) throw invalid("invalid request scheme");
      const scheme =
        type.case === "registered" ? ["http", "https"][type.value] : type.value.toLowerCase();
      return ({ request }) => (request.scheme || "http") === scheme;
    }
    case "method": {
      const { type } = match.value;
      if (type.case === undefined) throw missing();
      const method = type.case === "registered" ? METHODS[type.value] : type.value;
      if (method === undefined || !/^[!#$%&'*+.^_`|~\dA-Za-z-]+$/.test(method))
        throw invalid("invalid http method");
      return ({ request }) => request.method === method;
    }
    case "authority": {
      const test = toTextTest(match.value);
      return ({ request }) => request.authority !== "" && test(request.authority);
    }
    case "path": {
      const test = toTextTest(match.value);
      return ({ request }) => test(withoutQuery(request.path));
    }
    case undefined:
      throw missing();
  }
}

function toTextTest({ match }: ObserveRequest_Match_Http_StringMatch): (text: string) => boolean {
  if (match.case === undefined) throw missing();
  const { value } = match;
  return match.case === "exact" ? (text) => text === value : (text) => text.startsWith(value);
}

const invalid = (message: string): GrpcError => new GrpcError(GrpcCode.INVALID_ARGUMENT, message);
const missing = (): GrpcError => invalid("missing required field");
