import { expect, test } from "bun:test";
import { parseAttributes, traceResource } from "./resource.ts";

test("TRACE_ATTRIBUTES_PATH: parseAttributes() reads lines as files of labels have them", () => {
  const lines = ['cluster="one"', "zone=us", "workload=", 'kind=""', 'a="="', "b==c", "no", "=d"];
  expect(parseAttributes(lines.join("\n"))).toEqual({
    ...{ cluster: "one", zone: "us", workload: "", kind: "", a: "=", b: "=c", "": "d" },
  });
});

test("TRACE_SERVICE_NAME, TRACE_EXTRA_ATTRIBUTES, OTEL_RESOURCE_ATTRIBUTES, HOSTNAME: the later one holds", () => {
  const told = { hostname: "web-1", serviceName: "proxy" };
  const process = { pid: 7, startSeconds: 1.5 };
  const attributes = ["service.name=labels\na=labels", "a=extra\nb=extra", "b=otel"];
  expect(traceResource({ ...told, attributes }, process)).toEqual({
    "process.pid": 7,
    "process.start_timestamp": 1,
    "host.name": "web-1",
    "service.name": "labels",
    ...{ a: "extra", b: "otel" },
  });
  expect(traceResource({ ...told, attributes: [] }, process)["service.name"]).toBe("proxy");
});
