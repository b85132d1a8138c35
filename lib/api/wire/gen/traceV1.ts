/** Tables of opentelemetry.proto.collector.trace.v1, made of its descriptors by test/wire-tables.ts. @generated: `npm run gen`. */

import type { ExportTraceServiceRequestSchema } from "../../gen/opentelemetry/trace_pb.ts";
import { type MessageTable, Package } from "../table.ts";

export const traceV1: Package = new Package("opentelemetry.proto.collector.trace.v1", {  }, `
AnyValue value.stringValue:1:string value.boolValue:2:bool value.intValue:3:int64 value.doubleValue:4:double
ExportTraceServiceRequest resourceSpans:1:ResourceSpans*
InstrumentationScope name:1:string version:2:string
KeyValue key:1:string value:2:AnyValue
Resource attributes:1:KeyValue*
ResourceSpans resource:1:Resource scopeSpans:2:ScopeSpans*
ScopeSpans scope:1:InstrumentationScope spans:2:Span*
Span traceId:1:bytes spanId:2:bytes traceState:3:string parentSpanId:4:bytes name:5:string kind:6:int32 startTimeUnixNano:7:fixed64 endTimeUnixNano:8:fixed64 attributes:9:KeyValue* status:15:Status
Status message:2:string code:3:int32
`);
export const ExportTraceServiceRequest: MessageTable<typeof ExportTraceServiceRequestSchema> = traceV1.message("ExportTraceServiceRequest");
