/** What a network does to a proxy: addresses that swallow everything, loss, duplicates, no ports left, its own address. */

import { afterAll, beforeAll, expect, test } from "bun:test";
import { listen } from "#lib/net/listener.ts";
import type { TcpStream } from "#lib/net/tcp-stream.ts";
import { inNetns } from "#lib/sys/netns.ts";
import { Bed } from "../genuine/bed.ts";
import { add, balanced, first, forwardTo, http1, tcp } from "../genuine/messages.ts";
import { POD_IP } from "../genuine/place.ts";

const NEEDS = ["ip", "nft", "setpriv", "curl", "openssl", "unshare", "chroot", "tar"];
const HERE = process.getuid?.() === 0 && NEEDS.every((program) => Bun.which(program) !== null);
const why = HERE ? "" : ` (needs root, ${NEEDS.join(", ")})`;
const LIMIT_MS = 60_000;
/** What a proxy waits for a connection, and then for any endpoint (P39, P42). */
const [CONNECT_MS, FAILFAST_MS] = [1000, 1000];

/** Bytes of an answer that comes byte by byte. */
const TRICKLE = 20;
const onFault = (error: Error): void => {
  throw error;
};
const PORTS = "/proc/sys/net/ipv4/ip_local_port_range";

let bed: Bed;
let services = 0;

beforeAll(async () => {
  if (!HERE) return;
  bed = await Bed.make();
  await bed.redirect();
  await bed.startProxy();
}, LIMIT_MS);
afterAll(() => bed?.stop());

const run = (name: string, work: () => Promise<void>): void =>
  test.skipIf(!HERE)(`${name}${why}`, work, LIMIT_MS);

/** A Service of these endpoints; its address. */
function service(...endpoints: readonly object[]): string {
  services += 1;
  const ip = `10.77.1.${services}`;
  const path = `service-${services}.ns.svc.cluster.local:80`;
  bed.plane.sayEndpoints(path, add(endpoints.map((each) => ({ weight: 1, ...each }))));
  bed.plane.sayOutbound(`${ip}:80`, http1({ backends: first({ backend: balanced(path) }) }));
  return ip;
}
const at = (ip: string): object => ({ addr: tcp(ip, 8080) });

run(
  "E2: an address that swallows connections costs a bounded time, and none where another one answers",
  async () => {
    const [hole, good] = ["10.77.2.1", "10.77.2.2"];
    bed.endpoint(good);
    bed.place.addAddress(hole);
    bed.place.onNode("nft", "add table inet hole");
    bed.place.onNode("nft", "add chain inet hole in { type filter hook input priority 0; }");
    bed.place.onNode("nft", `add rule inet hole in ip daddr ${hole} drop`);
    const alone = service(at(hole));
    const started = performance.now();
    expect((await bed.ask(alone)).status).toBe(504);
    expect(performance.now() - started).toBeLessThan(CONNECT_MS + FAILFAST_MS + CONNECT_MS);
    const both = service(at(hole), at(good));
    const answers = await Promise.all(Array.from({ length: 10 }, () => bed.ask(both)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
  },
);

run("E6: five per cent of loss lose no request, and nothing is sent twice", async () => {
  const lossy = "10.77.2.3";
  const app = bed.endpoint(lossy);
  bed.place.onNode("nft", "add table inet loss");
  bed.place.onNode("nft", "add chain inet loss in { type filter hook input priority 0; }");
  const rule = `ip daddr ${lossy} tcp dport 8080 numgen random mod 100 < 5 drop`;
  bed.place.onNode("nft", `add rule inet loss in ${rule}`);
  const ip = service(at(lossy));
  const asks = 60;
  for (let at = 0; at < asks; at += 10) {
    const answers = await Promise.all(Array.from({ length: 10 }, () => bed.ask(ip)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
  }
  expect(app.heard.length).toBe(asks);
});

run("E14: of one address in two Services each has the identity that its Service says", async () => {
  const shared = "10.77.2.4";
  const identityOf = (name: string): string =>
    `${name}.ns.serviceaccount.identity.linkerd.cluster.local`;
  const { anchorsPem } = bed.authority;
  const app = bed.endpoint(shared, {
    material: { ...bed.authority.issue(identityOf("one")), anchorsPem },
  });
  const named = (name: string): object => ({
    ...at(shared),
    tlsIdentity: {
      strategy: { case: "dnsLikeIdentity", value: { name: identityOf(name) } },
      serverName: { name: identityOf(name) },
    },
  });
  const [one, other] = [service(named("one")), service(named("other"))];
  for (let round = 0; round < 3; round++) {
    expect((await bed.ask(one)).status).toBe(200);
    expect((await bed.ask(other)).status).toBeGreaterThanOrEqual(502);
  }
  expect(app.heard.length).toBe(3);
});

run(
  "E17: metadata and loopback addresses are reached by policy's leave alone, whatever name led there",
  async () => {
    const metadata = "169.254.169.254";
    const app = bed.endpoint(metadata, { port: 80 });
    const filters = [
      { kind: { case: "failureInjector", value: { status: 403, message: "traffic not allowed" } } },
    ];
    bed.plane.sayOutbound(
      `${metadata}:80`,
      http1({ filters, backends: first({ backend: forwardTo(metadata, 80) }) }),
    );
    // Only what lies in the cluster's networks has policy, as Linkerd has it; the environment names those.
    await bed.endProxy();
    await bed.startProxy({ DESTINATION_PROFILE_NETWORKS: "0.0.0.0/0" });
    for (const name of ["innocent.test", metadata])
      expect((await bed.ask(metadata, { name })).status).toBe(403);
    expect(app.heard).toEqual([]);
  },
);

run("E18: endpoints of IPv6 and mapped addresses are spoken to, by plain and by mTLS", async () => {
  const [six, secure] = ["fd77:2::5", "fd77:2::6"];
  bed.endpoint(six);
  const name = "six.ns.serviceaccount.identity.linkerd.cluster.local";
  const { anchorsPem } = bed.authority;
  bed.endpoint(secure, { material: { ...bed.authority.issue(name), anchorsPem } });
  expect((await bed.ask(service(at(six)))).from).toBe(six);
  const tlsIdentity = {
    strategy: { case: "dnsLikeIdentity", value: { name } },
    serverName: { name },
  };
  expect((await bed.ask(service({ ...at(secure), tlsIdentity }))).from).toBe(secure);
  const four = "10.77.2.5";
  // ::ffff:10.77.2.5, as dual-stack listeners name it.
  const value = { first: 0n, last: 0xffff_0a4d_0205n };
  const mapped = { ip: { ip: { case: "ipv6", value } }, port: 8080 };
  bed.endpoint(four);
  expect((await bed.ask(service({ addr: mapped }))).from).toBe(four);
});

run(
  "E21: where no local port is left requests fail as such, and go on when there is one",
  async () => {
    const busy = "10.77.2.7";
    let answer: () => object | undefined = () => undefined;
    const app = bed.endpoint(busy, { answer: () => answer() });
    const [one, other] = [service(at(busy)), service(at(busy))];
    const range = bed.place.inPod("cat", PORTS).trim().split(/\s+/).join(" ");
    const allow = (ports: string): string =>
      bed.place.inPod("sh", "-c", `echo ${ports} > ${PORTS}`);
    const [ports, each] = [20, 14];
    allow(`50000 ${50_000 + ports - 1}`);
    const ended: number[] = [];
    // The application's connections have addresses of their own; the proxy's all go to one.
    const asks = [one, other].flatMap((ip) =>
      Array.from({ length: each }, async () => {
        const { status } = await bed.ask(ip);
        ended.push(status);
      }),
    );
    await bed.until(() => ended.length >= 2 * each - ports, "nobody is told");
    expect(ended.filter((status) => status < 502)).toEqual([]);
    expect(app.heard.length).toBeLessThanOrEqual(ports);
    allow(range);
    answer = () => ({});
    await bed.until(async () => (await bed.ask(one)).status === 200, "it does not recover");
    await bed.endProxy("SIGKILL");
    await Promise.all(asks);
    await bed.startProxy();
  },
);

run(
  "E23: a pod that calls its own Service reaches itself, without TLS and without a loop",
  async () => {
    const port = 9001;
    const app = bed.app(port);
    const name = "web.ns.serviceaccount.identity.linkerd.cluster.local";
    const strategy = { case: "dnsLikeIdentity", value: { name } };
    const ip = service({
      addr: tcp(POD_IP, port),
      tlsIdentity: { strategy, serverName: { name } },
      protocolHint: { protocol: { case: "h2", value: {} }, opaqueTransport: { inboundPort: 4143 } },
    });
    expect((await bed.ask(ip)).from).toBe(`app-${port}`);
    expect(app.heard.length).toBe(1);
  },
);

/** Answers with a byte now and then. */
async function trickle(stream: TcpStream): Promise<void> {
  let open = true;
  stream.handler = {
    onData: () => undefined,
    onEnd: () => undefined,
    onDrain: () => undefined,
    onClose: () => {
      open = false;
    },
  };
  stream.write(Buffer.from(`HTTP/1.1 200 OK\r\ncontent-length: ${TRICKLE}\r\n\r\n`));
  for (let sent = 0; sent < TRICKLE && open; sent++) {
    await Bun.sleep(100);
    stream.write(Buffer.from("."));
  }
}

run("E5: an answer that trickles goes on while it goes on, and holds nobody else up", async () => {
  const [endpoint, slow] = ["10.77.2.9", "10.77.2.10"];
  bed.endpoint(endpoint);
  bed.place.addAddress(slow);
  const listener = inNetns(bed.place.node, () =>
    listen({ ip: slow, port: 8080 }, (stream) => void trickle(stream).catch(onFault), onFault),
  );
  const [late, quick] = [bed.ask(service(at(slow))), service(at(endpoint))];
  let over = false;
  const got = late.finally(() => {
    over = true;
  });
  for (let round = 0; round < 5; round++) expect((await bed.ask(quick)).status).toBe(200);
  expect(over).toBe(false);
  const { status, body } = await got;
  expect([status, body]).toEqual([200, ".".repeat(TRICKLE)]);
  listener.stop();
});
