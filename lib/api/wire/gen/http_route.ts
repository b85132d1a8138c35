/** Tables of io.linkerd.proxy.http_route, made of its descriptors by test/wire-tables.ts. @generated: `npm run gen`. */

import { Package } from "../table.ts";
import { http_types } from "./http_types.ts";
import { protobuf } from "./protobuf.ts";

export const http_route: Package = new Package("io.linkerd.proxy.http_route", { http_types, protobuf }, `
HeaderMatch name:1:string value.exact:2:bytes value.regex:3:string
HostMatch match.exact:1:string match.suffix:2:HostMatch.Suffix
HostMatch.Suffix reverseLabels:1:string*
HttpFailureInjector status:1:uint32 message:2:string ratio:3:Ratio
HttpRouteMatch path:1:PathMatch headers:2:HeaderMatch* queryParams:3:QueryParamMatch* method:4:http_types/HttpMethod
PathMatch kind.exact:1:string kind.prefix:2:string kind.regex:3:string
PathModifier replace.full:1:string replace.prefix:2:string
QueryParamMatch name:1:string value.exact:2:string value.regex:3:string
Ratio numerator:1:uint32 denominator:2:uint32
RequestHeaderModifier add:1:http_types/Headers set:2:http_types/Headers remove:3:string*
RequestRedirect scheme:1:http_types/Scheme host:2:string path:3:PathModifier port:4:uint32 status:5:uint32
ResponseHeaderModifier add:1:http_types/Headers set:2:http_types/Headers remove:3:string*
Timeouts response:1:protobuf/Duration request:2:protobuf/Duration idle:3:protobuf/Duration
`);
