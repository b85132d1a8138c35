import { expect, test } from "bun:test";
import { bindUdp, type Datagram } from "./udp.ts";

test("bindUdp() carries datagrams both ways and says who sent them", async () => {
  const answered = Promise.withResolvers<Datagram>();
  const server = await bindUdp({ ip: "127.0.0.1", port: 0 }, ({ payload, ip, port }) =>
    server.send(Uint8Array.of(...payload, 3), { ip, port }),
  );
  const client = await bindUdp({ ip: "127.0.0.1", port: 0 }, answered.resolve);
  try {
    client.send(Uint8Array.of(1, 2), { ip: "127.0.0.1", port: server.port });
    const { payload, port } = await answered.promise;
    expect([...payload]).toEqual([1, 2, 3]);
    expect(port).toBe(server.port);
  } finally {
    server.close();
    client.close();
  }
});

test("a peer that is gone breaks nothing", async () => {
  const gone = await bindUdp({ ip: "127.0.0.1", port: 0 }, () => undefined);
  const { port } = gone;
  gone.close();
  const answered = Promise.withResolvers<void>();
  const socket = await bindUdp({ ip: "127.0.0.1", port: 0 }, () => answered.resolve());
  try {
    for (let sent = 0; sent < 10; sent += 1)
      socket.send(Uint8Array.of(1), { ip: "127.0.0.1", port });
    const asker = await bindUdp({ ip: "127.0.0.1", port: 0 }, () => undefined);
    asker.send(Uint8Array.of(2), { ip: "127.0.0.1", port: socket.port });
    await answered.promise;
    asker.close();
  } finally {
    socket.close();
  }
});
