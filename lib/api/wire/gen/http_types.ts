/** Tables of io.linkerd.proxy.http_types, made of its descriptors by test/wire-tables.ts. @generated: `npm run gen`. */

import { Package } from "../table.ts";

export const http_types: Package = new Package("io.linkerd.proxy.http_types", {  }, `
Headers headers:1:Headers.Header*
Headers.Header name:1:string value:2:bytes
HttpMethod type.registered:1:int32 type.unregistered:2:string
Scheme type.registered:1:int32 type.unregistered:2:string
`);
