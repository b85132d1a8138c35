/** Messages of the control plane into the proxy's own types; nothing else in the proxy reads messages. */

import type { Duration } from "@bufbuild/protobuf/wkt";
import { parseAuthority } from "#lib/addr/authority.ts";
import { fromBytes, isIpv6, toBytes } from "#lib/addr/ip.ts";
import type { SocketAddr } from "#lib/addr/socket-addr.ts";
import type { Update, WeightedAddr } from "#lib/api/gen/proxy/destination_pb.ts";
import type { Metadata as MetadataMessage } from "#lib/api/gen/proxy/meta_pb.ts";
import type { IPAddress, TcpAddress } from "#lib/api/gen/proxy/net_pb.ts";
import type { Endpoint, EndpointUpdate, Metadata } from "../policy/client-policy.ts";
import { defaultMetadata } from "../policy/default-policy.ts";

/** Reads an address; undefined if a newer controller sent a kind that this proxy does not know. */
export function toIp(message: IPAddress | undefined): string | undefined {
  const ip = message?.ip;
  const octets = new DataView(new ArrayBuffer(ip?.case === "ipv6" ? 16 : 4));
  switch (ip?.case) {
    case "ipv4":
      octets.setUint32(0, ip.value);
      break;
    case "ipv6":
      octets.setBigUint64(0, ip.value.first);
      octets.setBigUint64(8, ip.value.last);
      break;
    case undefined:
      return undefined;
  }
  return fromBytes(new Uint8Array(octets.buffer));
}

/** Reads an address with its port. */
export function toSocketAddr(message: TcpAddress | undefined): SocketAddr | undefined {
  const ip = toIp(message?.ip);
  return ip === undefined || message === undefined || message.port > 0xffff
    ? undefined
    : { ip, port: message.port };
}

/** Writes an address with its port. */
export function fromSocketAddr({ ip, port }: SocketAddr): TcpAddress {
  const octets = new DataView(toBytes(ip).buffer);
  const ipv6 = (): IPAddress["ip"] => ({
    case: "ipv6",
    value: {
      $typeName: "io.linkerd.proxy.net.IPv6",
      first: octets.getBigUint64(0),
      last: octets.getBigUint64(8),
    },
  });
  return {
    $typeName: "io.linkerd.proxy.net.TcpAddress",
    port,
    ip: {
      $typeName: "io.linkerd.proxy.net.IPAddress",
      ip: isIpv6(ip) ? ipv6() : { case: "ipv4", value: octets.getUint32(0) },
    },
  };
}

/** Milliseconds; the fallback where the field is unset. */
export function toMs(duration: Duration | undefined, fallback: number): number {
  return duration === undefined
    ? fallback
    : Number(duration.seconds) * 1000 + duration.nanos / 1_000_000;
}

/** Reads where a piece of policy comes from. */
export function toMetadata(message: MetadataMessage | undefined): Metadata {
  const kind = message?.kind;
  switch (kind?.case) {
    case "resource": {
      const { group, kind: resource, namespace, name, section, port } = kind.value;
      return { group, kind: resource, namespace, name, section, port };
    }
    case "default":
      return defaultMetadata(kind.value);
    case undefined:
      return defaultMetadata("unknown");
  }
}

/** Reads an endpoint; undefined where its address cannot be used. */
export function toEndpoint(
  message: WeightedAddr | undefined,
  labels: Readonly<Record<string, string>>,
): Endpoint | undefined {
  const addr = toSocketAddr(message?.addr);
  if (addr === undefined || message === undefined) return undefined;
  const hint = message.protocolHint?.protocol.case;
  const directPort = message.protocolHint?.opaqueTransport?.inboundPort ?? 0;
  return {
    addr,
    identity: toIdentity(message),
    hint,
    directPort: directPort > 0 && directPort < 0xffff ? directPort : undefined,
    authority: toAuthority(message, addr.port),
    labels: inOrder({ ...labels, ...message.metricLabels }),
  };
}

/** A map comes in any order, each time in another: what says the same must be the same text, or it is taken for another endpoint. */
const inOrder = (labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));

/** One that cannot be read is none, as in linkerd2-proxy; without a port it means that of the endpoint. */
function toAuthority(
  { authorityOverride }: WeightedAddr,
  otherwise: number,
): Endpoint["authority"] {
  const text = authorityOverride?.authorityOverride ?? "";
  const { host, port = otherwise } = parseAuthority(text) ?? {};
  return host === undefined ? undefined : { text, host, port };
}

/** A URI identity without a server name is ignored, as by linkerd2-proxy. */
function toIdentity({ tlsIdentity }: WeightedAddr): Endpoint["identity"] {
  const strategy = tlsIdentity?.strategy;
  switch (strategy?.case) {
    case "dnsLikeIdentity": {
      const { name } = strategy.value;
      return { name, serverName: tlsIdentity?.serverName?.name ?? name };
    }
    case "uriLikeIdentity": {
      const serverName = tlsIdentity?.serverName?.name;
      return serverName === undefined ? undefined : { name: strategy.value.uri, serverName };
    }
    case undefined:
      return undefined;
  }
}

/** Reads an update of endpoints; undefined for kinds that this proxy does not know and for adds of nothing. */
export function toEndpointUpdate({ update }: Update): EndpointUpdate | undefined {
  switch (update.case) {
    case "add": {
      const { addrs, metricLabels } = update.value;
      const endpoints = addrs.flatMap((each) => toEndpoint(each, metricLabels) ?? []);
      return endpoints.length === 0 ? undefined : { type: "add", endpoints };
    }
    case "remove":
      return {
        type: "remove",
        addrs: update.value.addrs.flatMap((each) => toSocketAddr(each) ?? []),
      };
    case "noEndpoints":
      return { type: "no-endpoints", exists: update.value.exists };
    case undefined:
      return undefined;
  }
}
