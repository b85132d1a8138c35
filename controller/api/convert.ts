/** Domain values into messages that every API needs. */

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Cidr } from "#lib/addr/cidr.ts";
import { fromBytes, toBytes } from "#lib/addr/ip.ts";
import type { MetadataSchema } from "#lib/api/gen/proxy/meta_pb.ts";
import {
  type IPAddress,
  IPAddressSchema,
  type IPNetworkSchema,
  type TcpAddress,
} from "#lib/api/gen/proxy/net_pb.ts";

const IPV6_BYTES = 16;

/** Writes an address; an IPv4-mapped one is of IPv4. */
export function fromIp(ip: string): IPAddress {
  const octets = new DataView(toBytes(ip).buffer);
  return create(IPAddressSchema, {
    ip:
      octets.byteLength === IPV6_BYTES
        ? { case: "ipv6", value: { first: octets.getBigUint64(0), last: octets.getBigUint64(8) } }
        : { case: "ipv4", value: octets.getUint32(0) },
  });
}

/** Reads an address with its port; undefined where either is missing or cannot be. */
export function toAddr(
  message: TcpAddress,
): { readonly ip: string; readonly port: number } | undefined {
  const { port, ip } = message;
  if (port === 0 || port > 0xffff || ip?.ip.case === undefined) return undefined;
  const octets = new DataView(new ArrayBuffer(ip.ip.case === "ipv6" ? 16 : 4));
  if (ip.ip.case === "ipv4") octets.setUint32(0, ip.ip.value);
  else {
    octets.setBigUint64(0, ip.ip.value.first);
    octets.setBigUint64(8, ip.ip.value.last);
  }
  return { ip: fromBytes(new Uint8Array(octets.buffer)), port };
}

/** Writes networks; what is none is left out, which only ever allows less. */
export function fromNetworks(
  networks: readonly string[],
): { net: MessageInitShape<typeof IPNetworkSchema> }[] {
  return networks.flatMap((text) => {
    const [ip = "", length] = (Cidr.parse(text)?.text ?? "").split("/");
    return length === undefined ? [] : [{ net: { ip: fromIp(ip), prefixLen: Number(length) } }];
  });
}

/** Metadata of what is made up. */
export const madeUp = (name: string): MessageInitShape<typeof MetadataSchema> => ({
  kind: { case: "default", value: name },
});

/** A duration of whole and broken seconds. */
export const duration = (ms: number): { seconds: bigint; nanos: number } => ({
  seconds: BigInt(Math.floor(ms / 1000)),
  nanos: Math.round((ms % 1000) * 1e6),
});
