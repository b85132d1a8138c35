/** What holds for every attack over HTTP/1: who else is connected sees no error, and what is refused is told once. */

import { expect } from "bun:test";
import { connect, type Socket } from "node:net";
import { type HttpBed, type Outcome, WAYS, type Way } from "../conformance/http1/bed.ts";
import { until } from "../fake/mesh.ts";

/** A connection that stays open while a test does something to others. */
export class Bystander {
  readonly socket: Socket;
  text = "";
  ended = false;

  constructor(port: number) {
    this.socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    this.socket.on("data", (chunk: Buffer) => {
      this.text += chunk.toString("latin1");
    });
    this.socket.on("end", () => {
      this.ended = true;
    });
    this.socket.on("close", () => {
      this.ended = true;
    });
    this.socket.on("error", () => this.socket.destroy());
  }

  send(bytes: string): void {
    this.socket.write(Buffer.from(bytes, "latin1"));
  }

  /** Waits until so much of an answer is there. */
  async hears(pattern: RegExp): Promise<void> {
    await until(
      () => pattern.test(this.text),
      () => `${JSON.stringify(this.text.slice(-200))} is no ${pattern}`,
    );
  }

  /** Waits until the other side has ended. */
  async isEnded(): Promise<void> {
    await until(
      () => this.ended,
      () => `the connection does not end: ${JSON.stringify(this.text.slice(-200))}`,
    );
  }

  close(): void {
    this.socket.destroy();
  }
}

const refusals = (bed: HttpBed, way: Way): Promise<number> =>
  bed.mesh.metric(bed.pod(way), "bunkerd_http1_refused_total");
const lines = (bed: HttpBed, way: Way): readonly string[] =>
  bed.pod(way).logs.filter((line) => line.includes("Refused an HTTP/1 client"));

/** Sends bytes and expects that they are refused, counted and logged once, and that another connection lives on. */
export async function isRefused(
  bed: HttpBed,
  bytes: string,
  how: { readonly status: number | readonly number[]; readonly ways?: readonly Way[] },
): Promise<void> {
  for (const way of how.ways ?? WAYS) {
    const before = await refusals(bed, way);
    const logged = lines(bed, way).length;
    const outcome = await withBystander(bed, way, () => bed.send(way, bytes));
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(outcome.answer)?.[1]);
    expect([way, ...[how.status].flat()]).toContain(status);
    expect(outcome).toMatchObject({ closed: true, forwarded: [], fault: undefined });
    expect((await refusals(bed, way)) - before).toBe(1);
    const [line, ...more] = lines(bed, way).slice(logged);
    expect([line?.length ?? 0, more.length]).toEqual([expect.any(Number), 0]);
    expect(line?.length ?? 0).toBeWithin(1, 400);
  }
}

/** Does something while a connection is open that had a request before and has another one after. */
export async function withBystander(
  bed: HttpBed,
  way: Way,
  act: () => Promise<Outcome>,
): Promise<Outcome> {
  const decide = bed.origin.answer;
  const bystander = new Bystander(bed.port(way));
  const ask = async (): Promise<void> => {
    bed.origin.answer = () => ({ bytes: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nother" });
    bystander.text = "";
    bystander.send("GET /other HTTP/1.1\r\nHost: other\r\n\r\n");
    await bystander.hears(/^HTTP\/1\.1 200 [\s\S]*other$/);
    bed.origin.answer = decide;
  };
  await ask();
  const outcome = await act();
  await ask();
  bystander.close();
  return outcome;
}

/** The requests that arrived, as `METHOD target`. */
export const arrivals = ({ forwarded }: Outcome): string[] =>
  forwarded.map(({ start }) => start.replace(/ HTTP\/1\.\d$/, ""));
