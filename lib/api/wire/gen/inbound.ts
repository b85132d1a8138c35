/** Tables of io.linkerd.proxy.inbound, made of its descriptors by test/wire-tables.ts. @generated: `npm run gen`. */

import type { PortSpecSchema, ServerSchema } from "../../gen/proxy/inbound_pb.ts";
import { type MessageTable, Package } from "../table.ts";
import { grpc_route } from "./grpc_route.ts";
import { http_route } from "./http_route.ts";
import { meta } from "./meta.ts";
import { net } from "./net.ts";
import { protobuf } from "./protobuf.ts";

export const inbound: Package = new Package("io.linkerd.proxy.inbound", { grpc_route, http_route, meta, net, protobuf }, `
Authn permit.unauthenticated:1:Authn.PermitUnauthenticated permit.meshTLS:2:Authn.PermitMeshTLS
Authn.PermitMeshTLS clients.unauthenticated:1:Authn.PermitUnauthenticated clients.identities:2:Authn.PermitMeshTLS.PermitClientIdentities
Authn.PermitMeshTLS.PermitClientIdentities identities:1:Identity* suffixes:2:IdentitySuffix*
Authn.PermitUnauthenticated
Authz networks:1:Network* authentication:2:Authn labels:3:map metadata:4:meta/Metadata
GrpcRoute metadata:1:meta/Metadata hosts:2:http_route/HostMatch* authorizations:3:Authz* rules:4:GrpcRoute.Rule*
GrpcRoute.Filter kind.failureInjector:1:grpc_route/GrpcFailureInjector kind.requestHeaderModifier:2:http_route/RequestHeaderModifier
GrpcRoute.Rule matches:1:grpc_route/GrpcRouteMatch* filters:2:GrpcRoute.Filter*
HttpLocalRateLimit metadata:1:meta/Metadata total:2:HttpLocalRateLimit.Limit identity:3:HttpLocalRateLimit.Limit overrides:4:HttpLocalRateLimit.Override*
HttpLocalRateLimit.Limit requestsPerSecond:1:uint32
HttpLocalRateLimit.Override limit:1:HttpLocalRateLimit.Limit clients:2:HttpLocalRateLimit.Override.ClientIdentities
HttpLocalRateLimit.Override.ClientIdentities identities:1:Identity*
HttpRoute metadata:1:meta/Metadata hosts:2:http_route/HostMatch* authorizations:3:Authz* rules:4:HttpRoute.Rule*
HttpRoute.Filter kind.failureInjector:1:http_route/HttpFailureInjector kind.requestHeaderModifier:2:http_route/RequestHeaderModifier kind.redirect:3:http_route/RequestRedirect
HttpRoute.Rule matches:1:http_route/HttpRouteMatch* filters:2:HttpRoute.Filter*
Identity name:1:string
IdentitySuffix parts:1:string*
Network net:1:net/IPNetwork except:2:net/IPNetwork*
PortSpec workload:1:string port:2:uint32
ProxyProtocol kind.detect:1:ProxyProtocol.Detect kind.opaque:2:ProxyProtocol.Opaque kind.tls:3:ProxyProtocol.Tls kind.http1:4:ProxyProtocol.Http1 kind.http2:5:ProxyProtocol.Http2 kind.grpc:6:ProxyProtocol.Grpc
ProxyProtocol.Detect timeout:1:protobuf/Duration httpRoutes:3:HttpRoute* httpLocalRateLimit:4:HttpLocalRateLimit
ProxyProtocol.Grpc routes:2:GrpcRoute*
ProxyProtocol.Http1 routes:2:HttpRoute* localRateLimit:3:HttpLocalRateLimit
ProxyProtocol.Http2 routes:2:HttpRoute* localRateLimit:3:HttpLocalRateLimit
ProxyProtocol.Opaque
ProxyProtocol.Tls
Server protocol:1:ProxyProtocol serverIps:2:net/IPAddress* authorizations:3:Authz* labels:4:map
`);
export const PortSpec: MessageTable<typeof PortSpecSchema> = inbound.message("PortSpec");
export const Server: MessageTable<typeof ServerSchema> = inbound.message("Server");
