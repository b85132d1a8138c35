import { expect, test } from "bun:test";
import { HeaderList } from "#lib/http/headers.ts";
import { type InboundBed, inboundBed, ok, policy, WEB } from "../../test/fake/inbound-bed.ts";
import type { Filter } from "../policy/filter.ts";
import { prepareInbound } from "../policy/inbound-routes.ts";
import type { ServerPolicy } from "../policy/server-policy.ts";
import type { TapLabels } from "../tap/tap-values.ts";
import { Tap } from "../tap/taps.ts";
import type { InboundRequest } from "./stack.ts";

const everyone = policy("all-unauthenticated").authorizations;
const filters: readonly Filter[] = [
  {
    type: "request-headers",
    modifier: {
      add: [{ name: "x-env", value: "green" }],
      set: [
        { name: "host", value: "other" },
        { name: "user-agent", value: "filter" },
      ],
      remove: ["x-key"],
    },
  },
];

/** A route that takes its header away from requests which have it, and where asked one for all. */
function keyed({ authorizations = everyone, others = true } = {}): ServerPolicy {
  const route = (name: string, header: string | undefined) => ({
    ...{ hosts: [], labels: { group: "g", kind: "HTTPRoute", name } },
    authorizations: header === undefined ? everyone : authorizations,
    rules: [
      {
        filters: header === undefined ? [] : filters,
        fault: undefined,
        matches: [
          {
            ...({ type: "http", method: undefined, path: undefined, queryParams: [] } as const),
            headers:
              header === undefined
                ? []
                : [{ name: header, value: { type: "exact", text: "1" } as const }],
          },
        ],
      },
    ],
  });
  const rest = others ? [route("rest", undefined)] : [];
  const routes = prepareInbound([route("keyed", "x-key"), ...rest], []);
  return { ...policy("all-unauthenticated"), routes };
}

const asked = () => HeaderList.of(["x-key", "1"], ["user-agent", "curl"]);

/** A tunnel by the route with the header. */
function tunnel({ ask, connect }: InboundBed): readonly string[] {
  const headers = asked();
  headers.add("upgrade", "websocket");
  const { sent } = ask({ headers }, false);
  connect().handler.onResponseHead({ ...ok(), status: 101 }, false);
  return sent;
}

test("P46: a tunnel whose filters have changed its head stays open under a policy that says the same", () => {
  const bed = inboundBed(keyed({ others: false }), WEB);
  const sent = tunnel(bed);
  bed.port.set(keyed({ others: false }));
  expect(sent.at(-1)).toBe("101 ");
});

test("P46, J3: a tunnel ends with its own route, whatever route its changed head would go by", () => {
  const bed = inboundBed(keyed(), WEB);
  const sent = tunnel(bed);
  bed.port.set(keyed({ authorizations: [] }));
  expect(sent.at(-1)).toBe("reset 8");
});

test("P53: the access log tells what came, of whatever filters have changed", () => {
  const { ask, connect, accessed } = inboundBed(keyed(), WEB);
  const { request } = ask({
    ...{ version: "HTTP/2", scheme: "http", path: "/a" },
    headers: HeaderList.of(["x-key", "1"], ["user-agent", "curl"], ["l5d-orig-proto", "HTTP/1.1"]),
  });
  connect().handler.onResponseHead(ok(), true);
  expect([request.authority, request.headers.get("user-agent")]).toEqual(["other", "filter"]);
  const [entry] = accessed;
  expect(entry?.request).toMatchObject({ authority: "web", path: "/a", version: "HTTP/1.1" });
  expect(entry?.request.headers.get("user-agent")).toBe("curl");
});

test("a tap tells the route that took a request, not that which its changed head would go by", () => {
  const { ask, connect, taps } = inboundBed(keyed(), WEB);
  const seen: TapLabels[] = [];
  taps.add(
    new Tap({
      ...{ base: 0, limit: 1, headers: false, send: () => undefined, onEnd: () => undefined },
      test: ({ destinationLabels }) => {
        seen.push(destinationLabels);
        return false;
      },
    }),
  );
  ask({ headers: asked() });
  connect();
  expect(seen).toEqual([expect.objectContaining({ route_name: "keyed" })]);
});

test("of requests that nobody looks at later nothing is kept", () => {
  const { ask } = inboundBed("all-unauthenticated", WEB);
  const kept = (method: string, upgrade: boolean, ended = true): boolean => {
    const headers = HeaderList.of(...(upgrade ? [["upgrade", "websocket"] as const] : []));
    const { handler } = ask({ method, headers }, ended).stream;
    return (handler as InboundRequest).arrived !== undefined;
  };
  expect([kept("GET", false), kept("POST", false, false)]).toEqual([false, false]);
  expect([kept("GET", true, false), kept("CONNECT", false, false)]).toEqual([true, true]);
});
