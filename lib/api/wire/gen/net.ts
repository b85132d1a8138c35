/** Tables of io.linkerd.proxy.net, made of its descriptors by test/wire-tables.ts. @generated: `npm run gen`. */

import { Package } from "../table.ts";

export const net: Package = new Package("io.linkerd.proxy.net", {  }, `
IPAddress ip.ipv4:1:fixed32 ip.ipv6:2:IPv6
IPNetwork ip:1:IPAddress prefixLen:2:uint32
IPv6 first:1:fixed64 last:2:fixed64
TcpAddress ip:1:IPAddress port:2:uint32
`);
