import { afterAll, beforeAll, expect, test } from "bun:test";
import { HttpBed, type Outcome, WAYS } from "../conformance/http1/bed.ts";
import { splitResponses } from "../conformance/http1/messages.ts";
import type { Answer } from "../conformance/http1/raw-server.ts";
import { until } from "../fake/mesh.ts";
import { arrivals, Bystander, isRefused, withBystander } from "./http1-attack.ts";

const bed = new HttpBed();
beforeAll(() => bed.start());
afterAll(() => bed.stop());

const HOST = "Host: a.test\r\n";
const OK = "HTTP/1.1 200 OK\r\n";
const FORGED = `${OK}Content-Length: 6\r\n\r\nforged`;
const ask = (method: string, lines = ""): string => `${method} / HTTP/1.1\r\n${HOST}${lines}\r\n`;

/** What a client gets of an answer, each way, while another one is served. */
async function answered(
  request: string,
  answer: Answer,
  check: (outcome: Outcome, got: readonly string[]) => void,
): Promise<void> {
  const method = request.slice(0, request.indexOf(" "));
  for (const way of WAYS) {
    bed.origin.answer = () => answer;
    const outcome = await withBystander(bed, way, () => bed.send(way, request));
    expect(outcome.closed).toBe(true);
    const { messages, rest } = splitResponses(outcome.answer, [method], false);
    const got = messages.map(({ start, body }) => `${start.slice(9, 12)} ${body}`.trim());
    check(outcome, rest === "" ? got : [...got, "broken"]);
  }
}

test("A26 an answer before the body has come makes no request of what is left of it", async () => {
  bed.origin.answer = () => ({ bytes: FORGED });
  bed.origin.early = (text) =>
    text.startsWith("POST /early")
      ? { bytes: `HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n` }
      : undefined;
  for (const way of WAYS) {
    bed.origin.take();
    const client = new Bystander(bed.port(way));
    client.send(`POST /early HTTP/1.1\r\n${HOST}Content-Length: 100000\r\n\r\n`);
    await client.hears(/^HTTP\/1\.1 401 /);
    client.send(`GET /admin HTTP/1.1\r\n${HOST}\r\n`.repeat(2000));
    await client.isEnded();
    const { answer } = await bed.send(way, ask("GET"));
    expect(answer).toEndWith("forged");
    expect(client.text.match(/HTTP\/1\.1/g)).toHaveLength(1);
    for (const { text } of bed.origin.take()) expect(text).not.toContain("GET /admin");
    client.close();
  }
  bed.origin.early = () => undefined;
});

test("A27 bytes behind an upgrade that is answered 200 are a request, and never raw", async () => {
  const upgrade = "Connection: upgrade\r\nUpgrade: websocket\r\n";
  await answered(
    `${ask("GET", upgrade)}GET /next HTTP/1.1\r\n${HOST}\r\n`,
    { bytes: `${OK}Content-Length: 2\r\n\r\nno` },
    (outcome, got) => {
      expect(arrivals(outcome)).toEqual(["GET /", "GET /next"]);
      expect(got).toEqual(["200 no", "200 no"]);
    },
  );
  bed.origin.answer = () => ({ bytes: `${OK}Content-Length: 2\r\n\r\nno` });
  for (const way of WAYS) {
    const { leftover, forwarded } = await bed.send(way, `${ask("GET", upgrade)}\x81\x05hello`);
    expect([leftover, forwarded.length]).toEqual(["", 1]);
  }
});

test("A29 takes away an upgrade to h2c and its settings", async () => {
  const lines =
    "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n";
  await answered(
    ask("GET", lines),
    { bytes: `${OK}Content-Length: 0\r\n\r\n` },
    ({ forwarded }) => {
      const names = forwarded[0]?.fields.map(([name]) => name);
      for (const name of ["upgrade", "http2-settings", "connection"])
        expect(names).not.toContain(name);
    },
  );
});

test("A31 relays 100-continue, and answers an unknown expectation with 417", async () => {
  for (const way of WAYS) {
    bed.origin.answer = () => ({ bytes: `${OK}Content-Length: 2\r\n\r\nhi` });
    bed.origin.early = (text) =>
      text.endsWith("\r\n\r\n") && text.includes("expect")
        ? { bytes: "HTTP/1.1 100 Continue\r\n\r\n" }
        : undefined;
    const client = new Bystander(bed.port(way));
    client.send(`POST / HTTP/1.1\r\n${HOST}Expect: 100-continue\r\nContent-Length: 5\r\n\r\n`);
    await client.hears(/^HTTP\/1\.1 100 [^\r]*\r\n\r\n$/);
    client.send("hello");
    await client.hears(/HTTP\/1\.1 200 [\s\S]*hi$/);
    bed.origin.early = (text) =>
      text.includes("/final")
        ? { bytes: `HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n` }
        : undefined;
    const refused = new Bystander(bed.port(way));
    refused.send(
      `POST /final HTTP/1.1\r\n${HOST}Expect: 100-continue\r\nContent-Length: 5\r\n\r\n`,
    );
    await refused.hears(/^HTTP\/1\.1 413 /);
    await refused.isEnded();
    bed.origin.early = () => undefined;
    for (const each of [client, refused]) each.close();
  }
  // Who never sends 100 and waits for the body gets it from a client that does not wait.
  await answered(
    `${ask("POST", "Expect: 100-continue\r\nContent-Length: 2\r\n")}hi`,
    { bytes: `${OK}Content-Length: 0\r\n\r\n` },
    ({ forwarded: [got] }) => expect(got?.body).toBe("hi"),
  );
  await isRefused(bed, ask("GET", "Expect: a-miracle\r\n"), { status: 417 });
});

test("A32 relays 32 informational responses, and answers 502 to one more", async () => {
  const informational = (count: number): string => "HTTP/1.1 102 Wait\r\n\r\n".repeat(count);
  await answered(
    ask("POST"),
    { bytes: `${informational(32)}${OK}Content-Length: 0\r\n\r\n` },
    (_, got) => {
      expect([got.length, got.at(-1)]).toEqual([33, "200"]);
    },
  );
  await answered(
    ask("POST"),
    { bytes: `${informational(33)}${OK}Content-Length: 0\r\n\r\n` },
    (_, got) => {
      expect([got.length, got.at(-1)]).toEqual([33, "502"]);
    },
  );
});

test("A37 strips the mesh's headers from informational responses", async () => {
  const early = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nl5d-proxy-error: forged\r\n\r\n";
  await answered(
    ask("GET"),
    { bytes: `${early}${OK}Content-Length: 0\r\n\r\n` },
    ({ answer }, got) => {
      expect(got).toEqual(["103", "200"]);
      expect(answer).toContain("link: </a>");
      expect(answer).not.toContain("forged");
    },
  );
});

test("A33 drops a body where there is none to be, and closes", async () => {
  const cases = [
    ["HEAD", `${OK}Content-Length: 64\r\n\r\n${FORGED}`, "200"],
    ["GET", `HTTP/1.1 204 None\r\n\r\n${FORGED}`, "204"],
    ["GET", `HTTP/1.1 304 Same\r\n\r\n${FORGED}`, "304"],
  ] as const;
  for (const [method, bytes, status] of cases) {
    await answered(ask(method), { bytes }, ({ answer }, got) => {
      expect(got).toEqual([status]);
      expect(answer).not.toContain("forged");
    });
    // The probe of `send` and the bystander were answered by their own: nothing was left for them.
  }
});

test("A34 breaks off what is shorter than its length, and drops what is longer", async () => {
  const short = [
    `${OK}Content-Length: 10\r\n\r\nhello`,
    `${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`,
  ];
  for (const bytes of short)
    await answered(ask("GET"), { bytes, after: "end" }, (_, got) =>
      expect(got).toEqual(["broken"]),
    );
  for (const bytes of [
    `${OK}Content-Length: 2\r\n\r\nhi${FORGED}`,
    `${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n${FORGED}`,
  ])
    await answered(ask("GET"), { bytes }, (_, got) => expect(got).toEqual(["200 hi"]));
});

test("A35 answers 502 to what is no response", async () => {
  const bad = [
    "ICY 200 OK\r\n\r\n",
    "HTTP/1.1 OK\r\n\r\n",
    `${OK}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    `${OK}X: a\0b\r\nContent-Length: 0\r\n\r\n`,
    `${OK}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello`,
    "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
  ];
  for (const way of WAYS) {
    const open = (): number => bed.origin.open.connections;
    for (const bytes of bad) {
      bed.origin.answer = () => ({ bytes });
      const { answer } = await withBystander(bed, way, () => bed.send(way, ask("POST")));
      expect(answer).toStartWith("HTTP/1.1 502 ");
    }
    // What answered so was not kept: at most the connections of bystanders and probes are.
    await until(
      () => open() <= 3 * WAYS.length,
      () => `${open()} connections are kept`,
    );
  }
  const errors = await Promise.all(
    [
      ["inbound", "inbound_http_errors_total"],
      ["outbound", "outbound_http_errors_total"],
    ].map(([way, name]) => bed.mesh.metric(bed.pod(way as "inbound"), name ?? "")),
  );
  for (const count of errors) expect(count).toBeGreaterThanOrEqual(bad.length);
});
