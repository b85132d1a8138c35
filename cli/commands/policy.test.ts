import { expect, test } from "bun:test";
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  DestinationProfileSchema,
  GetDestinationSchema,
} from "#lib/api/gen/proxy/destination_pb.ts";
import { PortSpecSchema, ServerSchema } from "#lib/api/gen/proxy/inbound_pb.ts";
import { OutboundPolicySchema, TrafficSpecSchema } from "#lib/api/gen/proxy/outbound_pb.ts";
import { frameMessage } from "#lib/grpc/framing.ts";
import type { CallHandler } from "#lib/grpc/server.ts";
import { fakeCluster, type Outcome, runCommand } from "../../test/fake/cli.ts";
import { fakeService } from "../../test/fake/destination.ts";
import { installed } from "../../test/fake/installed.ts";

/** Runs `diagnostics` against an API of one method; `to` is where the connection went. */
async function ask(
  words: readonly string[],
  path: string,
  answer: CallHandler,
): Promise<Outcome & { readonly to: unknown }> {
  const pair = fakeService(path, answer);
  let to: unknown;
  const outcome = await runCommand(["diagnostics", ...words], {
    client: fakeCluster(installed()),
    forward: (target) => {
      to = target;
      return Promise.resolve(pair.a);
    },
    onSleep: () => pair.run(),
  });
  return { ...outcome, to };
}

const INBOUND = "/io.linkerd.proxy.inbound.InboundServerPolicies/GetPort";
const OUTBOUND = "/io.linkerd.proxy.outbound.OutboundPolicies/Get";
const PROFILE = "/io.linkerd.proxy.destination.Destination/GetProfile";

test("a pod's port is asked for at the policy API, and shown as YAML", async () => {
  let asked = "";
  const server: MessageInitShape<typeof ServerSchema> = {
    protocol: { kind: { case: "opaque", value: {} } },
    labels: { name: "all-unauthenticated" },
  };
  const { out, err, status, to } = await ask(
    ["policy", "po/web-1", "8080", "-n", "shop"],
    INBOUND,
    (call) => {
      const { workload, port } = fromBinary(PortSpecSchema, call.request);
      asked = `${workload} ${port}`;
      call.send(frameMessage(toBinary(ServerSchema, create(ServerSchema, server))));
      call.end(0, "");
    },
  );
  expect([err, status, asked]).toEqual(["", 0, "shop:web-1 8080"]);
  expect(out).toBe("protocol:\n  opaque: {}\nlabels:\n  name: all-unauthenticated\n");
  expect(to).toEqual({ namespace: "linkerd", pod: "linkerd-destination-1", port: 8090 });
});

test("a Service is asked for by its name in the cluster, and shown as JSON", async () => {
  let asked = "";
  const { out } = await ask(
    ["policy", "svc/web", "80", "-o", "json", "--token", "t"],
    OUTBOUND,
    (call) => {
      const { sourceWorkload, target } = fromBinary(TrafficSpecSchema, call.request);
      asked = `${sourceWorkload} ${target.value as string}`;
      const policy = create(OutboundPolicySchema, {
        metadata: { kind: { case: "default", value: "x" } },
      });
      call.send(frameMessage(toBinary(OutboundPolicySchema, policy)));
      call.end(0, "");
    },
  );
  expect(asked).toBe("t web.default.svc.cluster.local:80");
  expect(JSON.parse(out)).toEqual({ metadata: { default: "x" } });
});

test("the first profile of an address is shown as JSON, and no more is waited for", async () => {
  let asked = "";
  const { out, status } = await ask(["profile", "10.0.0.1:80"], PROFILE, (call) => {
    asked = fromBinary(GetDestinationSchema, call.request).path;
    for (const fullyQualifiedName of ["web.shop", "later"])
      call.send(
        frameMessage(
          toBinary(
            DestinationProfileSchema,
            create(DestinationProfileSchema, { fullyQualifiedName }),
          ),
        ),
      );
  });
  expect([asked, status]).toEqual(["10.0.0.1:80", 0]);
  expect(JSON.parse(out)).toEqual({ fully_qualified_name: "web.shop" });
});

test.each([
  [["policy", "deploy/web", "80"], "it must be po/NAME or svc/NAME"],
  [["policy", "svc/web", "0"], "it must be from 1 to 65535"],
  [["policy", "svc/web", "http"], "it must be from 1 to 65535"],
  [["profile", "10.0.0.1"], "an address ends in a port"],
])("%j is refused", async (words, why) => {
  const { status, err } = await ask(words, PROFILE, () => undefined);
  expect(status).toBe(1);
  expect(err).toContain(why);
});

test.each([
  [["policy", "po/web", "80"], INBOUND],
  [["profile", "10.0.0.1:80"], PROFILE],
])("%j: an error and silence of the control plane are told", async (words, path) => {
  const refused = await ask(words, path, (call) => call.end(5, "no such workload"));
  expect([refused.status, refused.err]).toEqual([
    1,
    "Cannot get an answer of the control plane: no such workload\n",
  ]);
  const silent = await ask(words, path, () => undefined);
  expect(silent.err).toBe("Cannot get an answer of the control plane: none in 5000 ms\n");
});
