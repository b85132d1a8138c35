/** Tables of io.linkerd.proxy.destination, made of its descriptors by test/wire-tables.ts. @generated: `npm run gen`. */

import type { GetDestinationSchema, UpdateSchema, DestinationProfileSchema } from "../../gen/proxy/destination_pb.ts";
import { type MessageTable, Package } from "../table.ts";
import { http_types } from "./http_types.ts";
import { meta } from "./meta.ts";
import { net } from "./net.ts";
import { protobuf } from "./protobuf.ts";

export const destination: Package = new Package("io.linkerd.proxy.destination", { http_types, meta, net, protobuf }, `
AddrSet addrs:1:net/TcpAddress*
AuthorityOverride authorityOverride:1:string
DestinationProfile routes:1:Route* retryBudget:2:RetryBudget dstOverrides:3:WeightedDst* opaqueProtocol:4:bool fullyQualifiedName:5:string endpoint:6:WeightedAddr parentRef:7:meta/Metadata profileRef:8:meta/Metadata
GetDestination scheme:1:string path:2:string contextToken:3:string
Http2ClientParams flowControl:1:Http2ClientParams.FlowControl keepAlive:2:Http2ClientParams.KeepAlive internals:3:Http2ClientParams.Internals
Http2ClientParams.FlowControl initialConnectionWindowSize:1:uint32 initialStreamWindowSize:2:uint32 adaptiveFlowControl:3:bool
Http2ClientParams.Internals maxConcurrentResetStreams:1:uint32 maxFrameSize:2:uint32 maxSendBufSize:3:uint32
Http2ClientParams.KeepAlive interval:1:protobuf/Duration timeout:2:protobuf/Duration whileIdle:3:bool
HttpStatusRange min:1:uint32 max:2:uint32
NoEndpoints exists:1:bool
PathMatch regex:1:string
ProtocolHint protocol.h2:1:ProtocolHint.H2 opaqueTransport:2:ProtocolHint.OpaqueTransport protocol.opaque:3:ProtocolHint.Opaque
ProtocolHint.H2
ProtocolHint.Opaque
ProtocolHint.OpaqueTransport inboundPort:1:uint32
RequestMatch match.all:1:RequestMatch.Seq match.any:2:RequestMatch.Seq match.not:3:RequestMatch match.path:4:PathMatch match.method:5:http_types/HttpMethod
RequestMatch.Seq matches:1:RequestMatch*
ResponseClass condition:1:ResponseMatch isFailure:2:bool
ResponseMatch match.all:1:ResponseMatch.Seq match.any:2:ResponseMatch.Seq match.not:3:ResponseMatch match.status:4:HttpStatusRange
ResponseMatch.Seq matches:1:ResponseMatch*
RetryBudget retryRatio:1:float minRetriesPerSecond:2:uint32 ttl:3:protobuf/Duration
Route condition:1:RequestMatch responseClasses:2:ResponseClass* metricsLabels:3:map isRetryable:4:bool timeout:5:protobuf/Duration
TlsIdentity strategy.dnsLikeIdentity:1:TlsIdentity.DnsLikeIdentity strategy.uriLikeIdentity:3:TlsIdentity.UriLikeIdentity serverName:4:TlsIdentity.DnsLikeIdentity
TlsIdentity.DnsLikeIdentity name:1:string
TlsIdentity.UriLikeIdentity uri:1:string
Update update.add:1:WeightedAddrSet update.remove:2:AddrSet update.noEndpoints:3:NoEndpoints
WeightedAddr addr:1:net/TcpAddress weight:3:uint32 metricLabels:4:map tlsIdentity:5:TlsIdentity protocolHint:6:ProtocolHint authorityOverride:7:AuthorityOverride http2:8:Http2ClientParams resourceRef:9:meta/Metadata
WeightedAddrSet addrs:1:WeightedAddr* metricLabels:2:map
WeightedDst authority:1:string weight:2:uint32 backendRef:3:meta/Metadata
`);
export const GetDestination: MessageTable<typeof GetDestinationSchema> = destination.message("GetDestination");
export const Update: MessageTable<typeof UpdateSchema> = destination.message("Update");
export const DestinationProfile: MessageTable<typeof DestinationProfileSchema> = destination.message("DestinationProfile");
