/** Values of tap's messages: addresses, methods, schemes, headers, times. */

import type { MessageInitShape } from "@bufbuild/protobuf";
import { fromBytes, isIpv6, toBytes } from "#lib/addr/ip.ts";
import type { SocketAddr } from "#lib/addr/socket-addr.ts";
import type {
  HeadersSchema,
  HttpMethodSchema,
  SchemeSchema,
} from "#lib/api/gen/proxy/http_types_pb.ts";
import type { IPAddress, TcpAddressSchema } from "#lib/api/gen/proxy/net_pb.ts";
import type { HeaderList } from "#lib/http/headers.ts";
import type { Labels } from "#lib/metrics/registry.ts";

/** Labels by name. */
export type TapLabels = Readonly<Record<string, string>>;

/** Methods by their number in `http_types.HttpMethod`. */
export const METHODS: readonly string[] = [
  ...["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "CONNECT", "HEAD", "TRACE"],
];

const SCHEMES: readonly string[] = ["http", "https"];

/** An address; undefined where there is none. */
export function ipOf(message: IPAddress | undefined): string | undefined {
  const ip = message?.ip;
  if (ip?.case === undefined) return undefined;
  const octets = new DataView(new ArrayBuffer(ip.case === "ipv6" ? 16 : 4));
  if (ip.case === "ipv4") octets.setUint32(0, ip.value);
  else {
    octets.setBigUint64(0, ip.value.first);
    octets.setBigUint64(8, ip.value.last);
  }
  return fromBytes(new Uint8Array(octets.buffer));
}

/** An address with its port. */
export function toTcpAddress({ ip, port }: SocketAddr): MessageInitShape<typeof TcpAddressSchema> {
  const octets = new DataView(toBytes(ip).buffer);
  const v6 = (): { case: "ipv6"; value: { first: bigint; last: bigint } } => ({
    case: "ipv6",
    value: { first: octets.getBigUint64(0), last: octets.getBigUint64(8) },
  });
  const v4 = (): { case: "ipv4"; value: number } => ({ case: "ipv4", value: octets.getUint32(0) });
  return { ip: { ip: isIpv6(ip) ? v6() : v4() }, port };
}

/** A method that has a number, or as it is. */
export function toMethod(method: string): MessageInitShape<typeof HttpMethodSchema> {
  const value = METHODS.indexOf(method);
  return value < 0
    ? { type: { case: "unregistered", value: method } }
    : { type: { case: "registered", value } };
}

/** Nothing where a request has none, as in origin form. */
export function toScheme(scheme: string): {
  readonly scheme?: MessageInitShape<typeof SchemeSchema>;
} {
  if (scheme === "") return {};
  const value = SCHEMES.indexOf(scheme);
  return value < 0
    ? { scheme: { type: { case: "unregistered", value: scheme } } }
    : { scheme: { type: { case: "registered", value } } };
}

/** Fields as they are, behind those that HTTP/2 has of its own. */
export function toHeaders(
  { names, values }: HeaderList,
  pseudo: readonly (readonly [name: string, value: string])[] = [],
): MessageInitShape<typeof HeadersSchema> {
  const field = (name: string, value: string) => ({ name, value: Buffer.from(value, "latin1") });
  const headers = names.map((name, i) => field(name, values[i] ?? ""));
  return { headers: [...pseudo.map(([name, value]) => field(name, value)), ...headers] };
}

/** A time of so many milliseconds. */
export function toDuration(ms: number): { seconds: bigint; nanos: number } {
  const nanos = Math.round(ms * 1e6);
  return { seconds: BigInt(Math.floor(nanos / 1e9)), nanos: nanos % 1e9 };
}

/** TLS as events have it, out of how metrics do (LBL1): where there is none, why is in the same label. */
export function tapTls(labels: Labels): TapLabels {
  const reason = labels["no_tls_reason"];
  const known = Object.entries(labels).map(([name, value]) => [name, String(value ?? "")]);
  return reason === undefined ? Object.fromEntries(known) : { tls: reason };
}
