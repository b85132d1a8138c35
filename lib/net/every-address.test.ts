import { expect, test } from "bun:test";
import { everyAddress } from "./every-address.ts";
import { servePlain } from "./plain-http.ts";

test("everyAddress() is 0.0.0.0 on a kernel without IPv6, and leaves other addresses alone", () => {
  expect(everyAddress("::", "/no/such/file")).toBe("0.0.0.0");
  expect(everyAddress("::", "/proc/self/status")).toBe("::");
  expect(everyAddress("10.0.0.1", "/no/such/file")).toBe("10.0.0.1");
});

test("a server on every address answers over both families, where there are two", async () => {
  const server = servePlain({ ip: "::", port: 0 }, () => ({ status: 200, body: "here" }));
  try {
    const hosts = ["127.0.0.1", ...(everyAddress("::") === "::" ? ["[::1]"] : [])];
    for (const host of hosts)
      expect(await (await fetch(`http://${host}:${server.port}/`)).text()).toBe("here");
  } finally {
    server.stop();
  }
});
