/** Tables of io.linkerd.proxy.opaque_route, made of its descriptors by test/wire-tables.ts. @generated: `npm run gen`. */

import { Package } from "../table.ts";

export const opaque_route: Package = new Package("io.linkerd.proxy.opaque_route", {  }, `
Forbidden
Invalid message:1:string
`);
