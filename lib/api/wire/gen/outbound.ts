/** Tables of io.linkerd.proxy.outbound, made of its descriptors by test/wire-tables.ts. @generated: `npm run gen`. */

import type { TrafficSpecSchema, OutboundPolicySchema } from "../../gen/proxy/outbound_pb.ts";
import { type MessageTable, Package } from "../table.ts";
import { destination } from "./destination.ts";
import { grpc_route } from "./grpc_route.ts";
import { http_route } from "./http_route.ts";
import { meta } from "./meta.ts";
import { net } from "./net.ts";
import { opaque_route } from "./opaque_route.ts";
import { protobuf } from "./protobuf.ts";
import { tls_route } from "./tls_route.ts";

export const outbound: Package = new Package("io.linkerd.proxy.outbound", { destination, grpc_route, http_route, meta, net, opaque_route, protobuf, tls_route }, `
Backend metadata:1:meta/Metadata kind.forward:2:destination/WeightedAddr kind.balancer:3:Backend.BalanceP2c queue:4:Queue
Backend.BalanceP2c discovery:1:Backend.EndpointDiscovery load.peakEwma:2:Backend.BalanceP2c.PeakEwma load.penaltyPeakEwma:3:Backend.BalanceP2c.PenaltyPeakEwma
Backend.BalanceP2c.PeakEwma defaultRtt:1:protobuf/Duration decay:2:protobuf/Duration
Backend.BalanceP2c.PenaltyPeakEwma defaultRtt:1:protobuf/Duration decay:2:protobuf/Duration penalty:3:protobuf/Duration maxRetryAfter:4:protobuf/Duration penaltyDecay:5:protobuf/Duration
Backend.EndpointDiscovery kind.dst:1:Backend.EndpointDiscovery.DestinationGet
Backend.EndpointDiscovery.DestinationGet path:1:string
EjectionConfig minReadyEndpoints:1:uint32
ExponentialBackoff minBackoff:1:protobuf/Duration maxBackoff:2:protobuf/Duration jitterRatio:3:float respectRetryAfterHint:4:bool
FailureAccrual kind.consecutiveFailures:1:FailureAccrual.ConsecutiveFailures kind.unified:2:FailureAccrual.Unified ejection:3:EjectionConfig
FailureAccrual.ConsecutiveFailures maxFailures:1:uint32 backoff:2:ExponentialBackoff
FailureAccrual.Unified successRateThreshold:1:double decay:2:protobuf/Duration minRequests:3:uint32 maxConsecutiveFailures:4:uint32 backoff:5:ExponentialBackoff
GrpcRoute metadata:1:meta/Metadata hosts:2:http_route/HostMatch* rules:3:GrpcRoute.Rule*
GrpcRoute.Distribution kind.empty:1:GrpcRoute.Distribution.Empty kind.firstAvailable:2:GrpcRoute.Distribution.FirstAvailable kind.randomAvailable:3:GrpcRoute.Distribution.RandomAvailable
GrpcRoute.Distribution.Empty
GrpcRoute.Distribution.FirstAvailable backends:1:GrpcRoute.RouteBackend*
GrpcRoute.Distribution.RandomAvailable backends:1:GrpcRoute.WeightedRouteBackend*
GrpcRoute.Filter kind.failureInjector:1:grpc_route/GrpcFailureInjector kind.requestHeaderModifier:2:http_route/RequestHeaderModifier
GrpcRoute.Retry maxRetries:1:uint32 maxRequestBytes:2:uint32 conditions:3:GrpcRoute.Retry.Conditions timeout:4:protobuf/Duration backoff:5:ExponentialBackoff
GrpcRoute.Retry.Conditions cancelled:1:bool deadineExceeded:4:bool resourceExhausted:8:bool internal:13:bool unavailable:14:bool
GrpcRoute.RouteBackend backend:1:Backend filters:3:GrpcRoute.Filter* requestTimeout:4:protobuf/Duration
GrpcRoute.Rule matches:1:grpc_route/GrpcRouteMatch* filters:2:GrpcRoute.Filter* backends:3:GrpcRoute.Distribution requestTimeout:4:protobuf/Duration timeouts:5:http_route/Timeouts retry:6:GrpcRoute.Retry allowL5dRequestHeaders:7:bool
GrpcRoute.WeightedRouteBackend backend:1:GrpcRoute.RouteBackend weight:2:uint32
HttpRoute metadata:1:meta/Metadata hosts:2:http_route/HostMatch* rules:3:HttpRoute.Rule*
HttpRoute.Distribution kind.empty:1:HttpRoute.Distribution.Empty kind.firstAvailable:2:HttpRoute.Distribution.FirstAvailable kind.randomAvailable:3:HttpRoute.Distribution.RandomAvailable
HttpRoute.Distribution.Empty
HttpRoute.Distribution.FirstAvailable backends:1:HttpRoute.RouteBackend*
HttpRoute.Distribution.RandomAvailable backends:1:HttpRoute.WeightedRouteBackend*
HttpRoute.Filter kind.failureInjector:1:http_route/HttpFailureInjector kind.requestHeaderModifier:2:http_route/RequestHeaderModifier kind.redirect:3:http_route/RequestRedirect kind.responseHeaderModifier:4:http_route/ResponseHeaderModifier
HttpRoute.Retry maxRetries:1:uint32 maxRequestBytes:2:uint32 conditions:3:HttpRoute.Retry.Conditions timeout:4:protobuf/Duration backoff:5:ExponentialBackoff
HttpRoute.Retry.Conditions statusRanges:1:HttpRoute.Retry.Conditions.StatusRange*
HttpRoute.Retry.Conditions.StatusRange start:1:uint32 end:2:uint32
HttpRoute.RouteBackend backend:1:Backend filters:3:HttpRoute.Filter* requestTimeout:4:protobuf/Duration
HttpRoute.Rule matches:1:http_route/HttpRouteMatch* filters:2:HttpRoute.Filter* backends:3:HttpRoute.Distribution requestTimeout:4:protobuf/Duration timeouts:5:http_route/Timeouts retry:6:HttpRoute.Retry allowL5dRequestHeaders:7:bool
HttpRoute.WeightedRouteBackend backend:1:HttpRoute.RouteBackend weight:2:uint32
OpaqueRoute metadata:1:meta/Metadata rules:3:OpaqueRoute.Rule*
OpaqueRoute.Distribution kind.empty:1:OpaqueRoute.Distribution.Empty kind.firstAvailable:2:OpaqueRoute.Distribution.FirstAvailable kind.randomAvailable:3:OpaqueRoute.Distribution.RandomAvailable
OpaqueRoute.Distribution.Empty
OpaqueRoute.Distribution.FirstAvailable backends:1:OpaqueRoute.RouteBackend*
OpaqueRoute.Distribution.RandomAvailable backends:1:OpaqueRoute.WeightedRouteBackend*
OpaqueRoute.Filter kind.invalid:1:opaque_route/Invalid kind.forbidden:2:opaque_route/Forbidden
OpaqueRoute.RouteBackend backend:1:Backend filters:3:OpaqueRoute.Filter*
OpaqueRoute.Rule backends:1:OpaqueRoute.Distribution filters:2:OpaqueRoute.Filter*
OpaqueRoute.WeightedRouteBackend backend:1:OpaqueRoute.RouteBackend weight:2:uint32
OutboundPolicy protocol:1:ProxyProtocol metadata:2:meta/Metadata
ProxyProtocol kind.detect:1:ProxyProtocol.Detect kind.opaque:2:ProxyProtocol.Opaque kind.http1:3:ProxyProtocol.Http1 kind.http2:4:ProxyProtocol.Http2 kind.grpc:5:ProxyProtocol.Grpc kind.tls:6:ProxyProtocol.Tls
ProxyProtocol.Detect timeout:1:protobuf/Duration opaque:2:ProxyProtocol.Opaque http1:3:ProxyProtocol.Http1 http2:4:ProxyProtocol.Http2
ProxyProtocol.Grpc routes:1:GrpcRoute* failureAccrual:2:FailureAccrual
ProxyProtocol.Http1 routes:1:HttpRoute* failureAccrual:2:FailureAccrual
ProxyProtocol.Http2 routes:1:HttpRoute* failureAccrual:2:FailureAccrual
ProxyProtocol.Opaque routes:1:OpaqueRoute*
ProxyProtocol.Tls routes:1:TlsRoute*
Queue capacity:1:uint32 failfastTimeout:2:protobuf/Duration
TlsRoute metadata:1:meta/Metadata snis:2:tls_route/SniMatch* rules:3:TlsRoute.Rule*
TlsRoute.Distribution kind.empty:1:TlsRoute.Distribution.Empty kind.firstAvailable:2:TlsRoute.Distribution.FirstAvailable kind.randomAvailable:3:TlsRoute.Distribution.RandomAvailable
TlsRoute.Distribution.Empty
TlsRoute.Distribution.FirstAvailable backends:1:TlsRoute.RouteBackend*
TlsRoute.Distribution.RandomAvailable backends:1:TlsRoute.WeightedRouteBackend*
TlsRoute.Filter kind.invalid:1:opaque_route/Invalid kind.forbidden:2:opaque_route/Forbidden
TlsRoute.RouteBackend backend:1:Backend filters:3:TlsRoute.Filter*
TlsRoute.Rule backends:1:TlsRoute.Distribution filters:2:TlsRoute.Filter*
TlsRoute.WeightedRouteBackend backend:1:TlsRoute.RouteBackend weight:2:uint32
TrafficSpec sourceWorkload:1:string target.addr:2:net/TcpAddress target.authority:3:string
`);
export const TrafficSpec: MessageTable<typeof TrafficSpecSchema> = outbound.message("TrafficSpec");
export const OutboundPolicy: MessageTable<typeof OutboundPolicySchema> = outbound.message("OutboundPolicy");
