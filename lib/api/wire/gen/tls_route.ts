/** Tables of io.linkerd.proxy.tls_route, made of its descriptors by test/wire-tables.ts. @generated: `npm run gen`. */

import { Package } from "../table.ts";

export const tls_route: Package = new Package("io.linkerd.proxy.tls_route", {  }, `
SniMatch match.exact:1:string match.suffix:2:SniMatch.Suffix
SniMatch.Suffix reverseLabels:1:string*
`);
