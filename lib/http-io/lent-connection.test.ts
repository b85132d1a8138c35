import { expect, test } from "bun:test";
import type { ClientConnection, ClientStream } from "./exchange.ts";
import { LentConnection } from "./lent-connection.ts";

class Lent extends LentConnection {
  send(...request: Parameters<ClientConnection["send"]>): ClientStream {
    return this.connection.send(...request);
  }
}

test("LentConnection is as the connection behind it, and passes on how that ends", () => {
  const heard: string[] = [];
  const behind = {
    ...{ version: "HTTP/2" as const, available: true, activeStreams: 3 },
    send: () => {
      throw new Error("nothing is sent here");
    },
    drain: () => void heard.push("drain"),
    destroy: () => void heard.push("destroy"),
  };
  const lent = new Lent(behind);
  expect([lent.version, lent.available, lent.activeStreams]).toEqual(["HTTP/2", true, 3]);
  behind.available = false;
  behind.activeStreams = 4;
  expect([lent.available, lent.activeStreams]).toEqual([false, 4]);
  lent.drain();
  lent.destroy();
  expect(heard).toEqual(["drain", "destroy"]);
});
