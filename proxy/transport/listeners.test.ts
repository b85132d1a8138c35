import { expect, test } from "bun:test";
import { LogFilter } from "#lib/log/log-filter.ts";
import { createLogger } from "#lib/log/logger.ts";
import { listen } from "#lib/net/listener.ts";
import { type ListenersOptions, openListeners, openWithoutIpv6 } from "./listeners.ts";

const ABSENT = { ip: "2001:db8::1", port: 0 };
const onFault = (error: Error): void => {
  throw error;
};

function rig(over: Partial<ListenersOptions> = {}) {
  const lines: string[] = [];
  const filter = new LogFilter();
  filter.set("debug");
  const log = createLogger({
    filter,
    format: "plain",
    wall: () => 0,
    write: (line) => lines.push(line),
  });
  const accepted: number[] = [];
  const accept = (stream: { destroy(): void }, port: number): void => {
    accepted.push(port);
    stream.destroy();
  };
  return { lines, log, accepted, options: { accept, onFault, log, ...over } };
}

/** A kernel without IPv6. */
const withoutIpv6: typeof listen = (address, onConnection, fault) => {
  if ("ip" in address && address.ip.includes(":"))
    throw Object.assign(new Error("Failed to listen"), { code: "EAFNOSUPPORT" });
  return listen(address, onConnection, fault);
};

test("openListeners() passes over an IPv6 address that the machine does not have", () => {
  const { lines, options } = rig();
  const { listeners, port } = openListeners([{ ip: "127.0.0.1", port: 0 }, ABSENT], options);
  expect([listeners.length, listeners[0]?.port]).toEqual([1, port]);
  expect(lines.join("\n")).toContain(
    "WARN linkerd Cannot listen on an IPv6 address: this machine does not have it address=[2001:db8::1]:0",
  );
  for (const listener of listeners) listener.stop();
});

test("openListeners() takes 0.0.0.0 for :: on a kernel without IPv6, and does without its twin", () => {
  const { lines, options } = rig({ open: withoutIpv6 });
  const wildcard = openListeners([{ ip: "::", port: 0 }], options);
  expect(wildcard.port).toBeGreaterThan(0);
  expect(lines.join("\n")).toContain("WARN");
  const v4 = openListeners([{ ip: "0.0.0.0", port: 0 }], options);
  expect([v4.listeners.length, lines.at(-1)?.includes("No IPv6 listener")]).toEqual([1, true]);
  for (const { stop } of [...wildcard.listeners, ...v4.listeners]) stop();
});

test("openListeners() gives 0.0.0.0 a twin on the same port, and says which port was dialled", async () => {
  const { accepted, options } = rig();
  const { listeners, port } = openListeners([{ ip: "0.0.0.0", port: 0 }], options);
  expect(listeners.map((listener) => listener.port)).toEqual([port, port]);
  for (const hostname of ["127.0.0.1", "::1"]) {
    const gone = Promise.withResolvers<void>();
    await Bun.connect({
      hostname,
      port,
      socket: { data: () => undefined, close: () => gone.resolve() },
    });
    await gone.promise;
  }
  expect(accepted).toEqual([port, port]);
  for (const listener of listeners) listener.stop();
});

test("openListeners() throws where an address is taken, with nothing left open", () => {
  const { options } = rig();
  const taken = listen({ ip: "::1", port: 0 }, () => undefined, onFault);
  const free = listen({ ip: "127.0.0.1", port: 0 }, () => undefined, onFault);
  const { port } = free;
  free.stop();
  const both = [
    { ip: "127.0.0.1", port },
    { ip: "::1", port: taken.port },
  ];
  expect(() => openListeners(both, options)).toThrow("::1");
  listen({ ip: "127.0.0.1", port }, () => undefined, onFault).stop();
  taken.stop();
});

test("openListeners() of :: throws where one of the families is taken, and leaves neither open", () => {
  const { options } = rig();
  const taken = listen({ ip: "::", port: 0, ipv6Only: true }, () => undefined, onFault);
  const { port } = taken;
  expect(() => openListeners([{ ip: "::", port }], options)).toThrow();
  listen({ ip: "127.0.0.1", port }, () => undefined, onFault).stop();
  taken.stop();
});

test("openListeners() throws where the only address is one that the machine does not have", () => {
  const { options } = rig();
  expect(() => openListeners([ABSENT], options)).toThrow("2001:db8::1");
});

test("openWithoutIpv6() hands on every other error", () => {
  const { log } = rig();
  const open = (): never => {
    throw Object.assign(new Error("in use"), { code: "EADDRINUSE" });
  };
  expect(() => openWithoutIpv6({ ip: "::", port: 1 }, { open, log })).toThrow("in use");
});
