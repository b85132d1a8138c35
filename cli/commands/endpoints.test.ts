import { expect, test } from "bun:test";
import { fakeCluster, type Outcome, runCommand } from "../../test/fake/cli.ts";
import { type Answer, endpoint, fakeDestination } from "../../test/fake/destination.ts";
import { installed } from "../../test/fake/installed.ts";

async function ask(
  words: readonly string[],
  answer: Answer,
): Promise<Outcome & { readonly to: unknown }> {
  const pair = fakeDestination(answer);
  let to: unknown;
  const outcome = await runCommand(["diagnostics", "endpoints", ...words], {
    client: fakeCluster(installed()),
    forward: (target) => {
      to = target;
      return Promise.resolve(pair.a);
    },
    onSleep: () => pair.run(),
  });
  return { ...outcome, to };
}

const labels = { service: "web-svc", namespace: "shop" };
const add = {
  update: {
    case: "add" as const,
    value: { addrs: [endpoint(2, "web-2"), endpoint(1, "web-1")], metricLabels: labels },
  },
};

test("endpoints come from a pod of linkerd-destination, sorted", async () => {
  const { status, out, to } = await ask(["web-svc.shop.svc.cluster.local:80"], { updates: [add] });
  expect(out).toBe(
    "NAMESPACE   IP         PORT   POD     SERVICE\n" +
      "shop        10.0.0.1   8080   web-1   web-svc.shop\n" +
      "shop        10.0.0.2   8080   web-2   web-svc.shop\n",
  );
  expect(status).toBe(0);
  expect(to).toEqual({ namespace: "linkerd", pod: "linkerd-destination-1", port: 8086 });
});

test("JSON has weight, protocol and labels; a pod can be chosen", async () => {
  const { out, to } = await ask(["web:80", "-o", "json", "--destination-pod", "d-2"], {
    updates: [add],
  });
  expect(JSON.parse(out)[0]).toEqual({
    namespace: "shop",
    ip: "10.0.0.1",
    port: 8080,
    pod: "web-1",
    service: "web-svc.shop",
    weight: 10_000,
    http2: true,
    labels: { ...labels, pod: "web-1" },
  });
  expect(to).toMatchObject({ pod: "d-2" });
});

test("nobody, an error, and an authority without a port are told", async () => {
  const none = { update: { case: "noEndpoints" as const, value: { exists: true } } };
  expect((await ask(["web:80"], { updates: [none] })).out).toBe("No endpoints found.\n");
  const refused = await ask(["web:80"], { status: [3, "invalid authority"] });
  expect([refused.status, refused.err]).toEqual([
    1,
    "Cannot get the endpoints of web:80: invalid authority\n",
  ]);
  expect((await ask(["web:80"], {})).err).toBe("Cannot get endpoints: no answer in 5000 ms\n");
  expect((await ask(["web"], {})).err).toContain('Cannot use "web": an authority ends in a port');
  const empty = await runCommand(["dg", "ep", "web:80"], { client: fakeCluster([]) });
  expect(empty.err).toContain("Cannot find a running pod of linkerd-destination");
});
