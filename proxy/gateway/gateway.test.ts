import { expect, test } from "bun:test";
import { FakeClock } from "../../test/fake/clock.ts";
import type { GatewayObserver } from "../inbound/gateway.ts";
import type { Destinations } from "../outbound/discover.ts";
import { Destination } from "../outbound/discover.ts";
import type { OutboundDirection } from "../outbound/stack.ts";
import { createGateway } from "./gateway.ts";

/** A gateway whose destinations are known as the test says. */
function setup(suffixes: readonly string[] = ["svc.test"]) {
  const clock = new FakeClock();
  const released: Destination[] = [];
  const acquired = new Map<string, Destination>();
  const destinations = {
    acquireNamed: ({ host, port }: { host: string; port: number }) => {
      const destination = new Destination(() => undefined, { clock, failfastMs: 3000 });
      acquired.set(`${host}:${port}`, destination);
      return destination;
    },
    release: (destination: Destination) => void released.push(destination),
  } as unknown as Destinations;
  const direction = {} as OutboundDirection;
  const how = { destinations, direction, localName: "gateway.test", random: () => 0 };
  return { gateway: createGateway({ ...how, suffixes }), acquired, released, clock };
}

const know = (destination: Destination | undefined, type: "unknown" | "invalid"): void =>
  destination?.known({ type } as Parameters<Destination["known"]>[0]);

test("P28: a session leads to the name of its header, or of each request, below the suffixes alone", () => {
  const { gateway, acquired } = setup();
  const named = gateway.begin({ name: "WEB.svc.test.", port: 8080 });
  expect(named.find({ authority: "shop.example" })?.authority).toBe("web.svc.test:8080");
  const unnamed = gateway.begin({ name: "", port: 4143 });
  expect(unnamed.find({ authority: "api.svc.test:80" })?.authority).toBe("api.svc.test");
  for (const authority of ["shop.example", "10.0.0.1", "", "a b"])
    expect(unnamed.find({ authority })).toBeUndefined();
  expect([...acquired.keys()]).toEqual(["web.svc.test:8080", "api.svc.test:80"]);
  expect(gateway.begin({ name: "10.0.0.1", port: 80 }).find({ authority: "web.svc.test" })).toBe(
    undefined,
  );
  const nowhere = setup([]).gateway.begin({ name: "web.svc.test", port: 80 });
  expect(nowhere.find({ authority: "" })).toBeUndefined();
});

test("a target exists once somebody knows it", () => {
  const { gateway, acquired } = setup();
  const session = gateway.begin({ name: "web.svc.test", port: 80 });
  const target = session.find({ authority: "" });
  let woken = 0;
  const late = (): void => {
    throw new Error("Cannot be late");
  };
  target?.whenKnown(() => void woken++, late);
  expect([target?.exists, woken]).toEqual([undefined, 0]);
  know(acquired.get("web.svc.test:80"), "unknown");
  expect([target?.exists, woken]).toEqual([false, 1]);
  know(acquired.get("web.svc.test:80"), "invalid");
  expect(target?.exists).toBe(true);
});

test("nobody waits for longer than three seconds until a target is known", () => {
  const { gateway, acquired, clock } = setup();
  const target = gateway.begin({ name: "web.svc.test", port: 80 }).find({ authority: "" });
  const heard: string[] = [];
  target?.whenKnown(
    () => void heard.push("known"),
    () => void heard.push("late"),
  );
  clock.advance(2999);
  expect(heard).toEqual([]);
  clock.advance(1);
  know(acquired.get("web.svc.test:80"), "invalid");
  expect(heard).toEqual(["late"]);
});

test("a session keeps its destinations in use until it is closed, one of opaque bytes until it is refused", () => {
  const { gateway, acquired, released } = setup();
  const session = gateway.begin({ name: "web.svc.test", port: 80 });
  session.find({ authority: "" });
  session.find({ authority: "" });
  expect(released).toHaveLength(0);
  session.close();
  session.close();
  expect(released).toEqual([...acquired.values()]);
  const refused: string[] = [];
  const observer = (isWanted: boolean): GatewayObserver => ({
    isWanted,
    onConnected: () => undefined,
    onRefused: (error) => void refused.push(error),
  });
  gateway.begin({ name: "echo.svc.test", port: 80 }).connect(observer(true));
  expect([refused, released.length]).toEqual([[], 1]);
  know(acquired.get("echo.svc.test:80"), "unknown");
  gateway.begin({ name: "shop.example", port: 80 }).connect(observer(true));
  gateway.begin({ name: "gone.svc.test", port: 80 }).connect(observer(false));
  know(acquired.get("gone.svc.test:80"), "invalid");
  expect(refused).toEqual([
    ...["gateway domain invalid", "gateway domain invalid", "invalid_policy"],
  ]);
  expect(released).toHaveLength(3);
});
