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
