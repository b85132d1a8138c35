/** Tables of bunkerd.identity.v1, made of its descriptors by test/wire-tables.ts. @generated: `npm run gen`. */

import type { TrustBundleSchema } from "../../gen/identity/v1/trust_pb.ts";
import { type MessageTable, Package } from "../table.ts";

export const identityV1: Package = new Package("bunkerd.identity.v1", {  }, `
TrustBundle generation:1:string anchors:2:bytes*
`);
export const TrustBundle: MessageTable<typeof TrustBundleSchema> = identityV1.message("TrustBundle");
