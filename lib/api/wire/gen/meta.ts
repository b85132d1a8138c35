/** Tables of io.linkerd.proxy.meta, made of its descriptors by test/wire-tables.ts. @generated: `npm run gen`. */

import { Package } from "../table.ts";

export const meta: Package = new Package("io.linkerd.proxy.meta", {  }, `
Metadata kind.default:1:string kind.resource:2:Resource
Resource group:1:string kind:2:string name:3:string namespace:4:string section:5:string port:6:uint32
`);
