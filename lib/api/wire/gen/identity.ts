/** Tables of io.linkerd.proxy.identity, made of its descriptors by test/wire-tables.ts. @generated: `npm run gen`. */

import type { CertifyRequestSchema, CertifyResponseSchema } from "../../gen/proxy/identity_pb.ts";
import { type MessageTable, Package } from "../table.ts";
import { protobuf } from "./protobuf.ts";

export const identity: Package = new Package("io.linkerd.proxy.identity", { protobuf }, `
CertifyRequest identity:1:string token:2:bytes certificateSigningRequest:3:bytes
CertifyResponse leafCertificate:1:bytes intermediateCertificates:2:bytes* validUntil:3:protobuf/Timestamp
`);
export const CertifyRequest: MessageTable<typeof CertifyRequestSchema> = identity.message("CertifyRequest");
export const CertifyResponse: MessageTable<typeof CertifyResponseSchema> = identity.message("CertifyResponse");
