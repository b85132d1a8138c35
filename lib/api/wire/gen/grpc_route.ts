/** Tables of io.linkerd.proxy.grpc_route, made of its descriptors by test/wire-tables.ts. @generated: `npm run gen`. */

import { Package } from "../table.ts";
import { http_route } from "./http_route.ts";

export const grpc_route: Package = new Package("io.linkerd.proxy.grpc_route", { http_route }, `
GrpcFailureInjector code:1:uint32 message:2:string ratio:3:http_route/Ratio
GrpcRouteMatch rpc:1:GrpcRpcMatch headers:2:http_route/HeaderMatch*
GrpcRpcMatch service:1:string method:2:string
`);
