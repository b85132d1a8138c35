/** All targets. */

import type { Target } from "../target.ts";
import { CLIENT_HELLO, DETECT, GRPC_FRAMING, TRANSPORT_HEADER } from "./first-bytes.ts";
import { HPACK, HUFFMAN } from "./hpack.ts";
import { HTTP1_REQUESTS, HTTP1_RESPONSES } from "./http1.ts";
import { HTTP2_CLIENT, HTTP2_SERVER } from "./http2.ts";
import { ADDRESSES, WEBSOCKET } from "./texts.ts";

/** In the order in which they are listed. */
export const TARGETS: readonly Target[] = [
  HTTP1_REQUESTS,
  HTTP1_RESPONSES,
  HTTP2_SERVER,
  HTTP2_CLIENT,
  HPACK,
  HUFFMAN,
  CLIENT_HELLO,
  DETECT,
  TRANSPORT_HEADER,
  GRPC_FRAMING,
  WEBSOCKET,
  ADDRESSES,
];
