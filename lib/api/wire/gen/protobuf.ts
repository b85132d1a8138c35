/** Tables of google.protobuf, made of its descriptors by test/wire-tables.ts. @generated: `npm run gen`. */

import { Package } from "../table.ts";

export const protobuf: Package = new Package("google.protobuf", {  }, `
Duration seconds:1:int64 nanos:2:int32
Timestamp seconds:1:int64 nanos:2:int32
`);
