/** Tables of io.linkerd.proxy.tap, made of its descriptors by test/wire-tables.ts. @generated: `npm run gen`. */

import type { ObserveRequestSchema, TapEventSchema } from "../../gen/proxy/tap_pb.ts";
import { type MessageTable, Package } from "../table.ts";
import { http_types } from "./http_types.ts";
import { net } from "./net.ts";
import { protobuf } from "./protobuf.ts";

export const tap: Package = new Package("io.linkerd.proxy.tap", { http_types, net, protobuf }, `
Eos end.grpcStatusCode:1:uint32 end.resetErrorCode:2:uint32
ObserveRequest limit:1:uint32 match:2:ObserveRequest.Match extract:3:ObserveRequest.Extract
ObserveRequest.Extract extract.http:1:ObserveRequest.Extract.Http
ObserveRequest.Extract.Http extract.headers:1:ObserveRequest.Extract.Http.Headers
ObserveRequest.Extract.Http.Headers
ObserveRequest.Match match.all:1:ObserveRequest.Match.Seq match.any:2:ObserveRequest.Match.Seq match.not:3:ObserveRequest.Match match.source:4:ObserveRequest.Match.Tcp match.destination:5:ObserveRequest.Match.Tcp match.http:6:ObserveRequest.Match.Http match.destinationLabel:7:ObserveRequest.Match.Label match.routeLabel:8:ObserveRequest.Match.Label
ObserveRequest.Match.Http match.scheme:1:http_types/Scheme match.authority:2:ObserveRequest.Match.Http.StringMatch match.method:3:http_types/HttpMethod match.path:4:ObserveRequest.Match.Http.StringMatch
ObserveRequest.Match.Http.StringMatch match.exact:1:string match.prefix:2:string
ObserveRequest.Match.Label key:1:string value:2:string
ObserveRequest.Match.Seq matches:1:ObserveRequest.Match*
ObserveRequest.Match.Tcp match.netmask:1:ObserveRequest.Match.Tcp.Netmask match.ports:3:ObserveRequest.Match.Tcp.PortRange
ObserveRequest.Match.Tcp.Netmask ip:1:net/IPAddress mask:2:uint32
ObserveRequest.Match.Tcp.PortRange min:1:uint32 max:2:uint32
TapEvent source:1:net/TcpAddress destination:2:net/TcpAddress event.http:3:TapEvent.Http destinationMeta:4:TapEvent.EndpointMeta sourceMeta:5:TapEvent.EndpointMeta proxyDirection:6:int32 routeMeta:7:TapEvent.RouteMeta
TapEvent.EndpointMeta labels:1:map
TapEvent.Http event.requestInit:1:TapEvent.Http.RequestInit event.responseInit:2:TapEvent.Http.ResponseInit event.responseEnd:3:TapEvent.Http.ResponseEnd
TapEvent.Http.RequestInit id:1:TapEvent.Http.StreamId method:2:http_types/HttpMethod scheme:3:http_types/Scheme authority:4:string path:5:string headers:6:http_types/Headers
TapEvent.Http.ResponseEnd id:1:TapEvent.Http.StreamId sinceRequestInit:2:protobuf/Duration sinceResponseInit:3:protobuf/Duration responseBytes:4:uint64 eos:5:Eos trailers:6:http_types/Headers
TapEvent.Http.ResponseInit id:1:TapEvent.Http.StreamId sinceRequestInit:2:protobuf/Duration httpStatus:3:uint32 headers:4:http_types/Headers
TapEvent.Http.StreamId base:1:uint32 stream:2:uint64
TapEvent.RouteMeta labels:1:map
`);
export const ObserveRequest: MessageTable<typeof ObserveRequestSchema> = tap.message("ObserveRequest");
export const TapEvent: MessageTable<typeof TapEventSchema> = tap.message("TapEvent");
