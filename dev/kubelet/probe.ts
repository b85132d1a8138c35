/** One probe of a container, from the node's network, with the kubelet's rules. */

import { formatSocketAddr } from "#lib/addr/socket-addr.ts";
import { callUnary } from "#lib/grpc/client.ts";
import { connectHttp2 } from "#lib/http-io/http2-client.ts";
import type { Probe } from "#lib/k8s/types/core.ts";
import { connectTcp } from "#lib/net/connect.ts";
import type { TcpStream } from "#lib/net/tcp-stream.ts";
import { inNetns } from "#lib/sys/netns.ts";
import type { Clock } from "#lib/time/clock.ts";

/** What a probe reaches its container with. */
export type ProbeTarget = {
  readonly nodeNetns: string;
  readonly podIp: string;
  readonly clock: Clock;
  /** A named port's number; undefined where the container has none of that name. */
  namedPort(name: string): number | undefined;
  /** Runs a command in the container; its exit status. */
  exec(command: readonly string[], timeoutMs: number): Promise<number>;
};

/** Undefined where it passed, else why not. */
export type ProbeResult = string | undefined;

type Http = NonNullable<Probe["httpGet"]>;

const SECOND_MS = 1_000;
/** Bytes of an answer that are looked at: the status line. */
const ANSWER_LIMIT_BYTES = 4_096;

/** Runs one probe; it never rejects. */
export async function runProbe(probe: Probe, target: ProbeTarget): Promise<ProbeResult> {
  const timeoutMs = (probe.timeoutSeconds ?? 1) * SECOND_MS;
  if (probe.exec !== undefined) {
    const code = await target.exec(probe.exec.command ?? [], timeoutMs);
    return code === 0 ? undefined : `command ended with status ${code}`;
  }
  if (probe.httpGet?.scheme === "HTTPS") return "probes over HTTPS are not offered in dev mode";
  const port = portOf(probe.httpGet?.port ?? probe.tcpSocket?.port ?? probe.grpc?.port, target);
  if (port === undefined) return "its port has no number";
  const where = {
    ip: probe.httpGet?.host ?? probe.tcpSocket?.host ?? target.podIp,
    port,
    timeoutMs,
  };
  return await ask(target, where, questionOf(probe, { where, clock: target.clock }));
}

/** Asks over a connection that is open; `finish` is told the result, once or more. */
type Question = (stream: TcpStream, finish: (result: ProbeResult) => void) => void;

function questionOf(
  { httpGet, grpc }: Probe,
  { where, clock }: { readonly where: Where; readonly clock: Clock },
): Question {
  if (httpGet !== undefined) {
    const request = requestOf(httpGet, where);
    return (stream, finish) => exchange(stream, request, finish);
  }
  if (grpc !== undefined) {
    const health = { where, clock, service: grpc.service ?? "" };
    return (stream, finish) => askHealth(stream, health, finish);
  }
  return (_, finish) => finish(undefined);
}

function portOf(port: number | string | undefined, target: ProbeTarget): number | undefined {
  return typeof port === "string" ? target.namedPort(port) : port;
}

function requestOf({ path = "/", httpHeaders = [] }: Http, where: Where): string {
  const headers = httpHeaders.map(({ name, value }) => `${name}: ${value}\r\n`).join("");
  return `GET ${path} HTTP/1.1\r\nhost: ${formatSocketAddr(where)}\r\nuser-agent: kube-probe/1.36\r\naccept: */*\r\nconnection: close\r\n${headers}\r\n`;
}

type Where = { readonly ip: string; readonly port: number; readonly timeoutMs: number };

/** Connects and asks within the time that the probe has. */
function ask(target: ProbeTarget, where: Where, question: Question): Promise<ProbeResult> {
  const { promise, resolve } = Promise.withResolvers<ProbeResult>();
  const timer = target.clock.after(where.timeoutMs, () => finish("no answer in time"));
  let open: TcpStream | undefined;
  const finish = (result: ProbeResult): void => {
    timer.cancel();
    // After the verdict: to destroy it is to hear that it is closed.
    resolve(result);
    open?.destroy();
  };
  const connected = (stream: TcpStream): void => {
    open = stream;
    question(stream, finish);
  };
  const options = {
    ...where,
    clock: target.clock,
    onFault: (error: Error): void => finish(error.message),
    within: (open: () => void): void => inNetns(target.nodeNetns, open),
  };
  connectTcp(options, { onConnected: connected, onFailed: (error) => finish(error.message) });
  return promise;
}

/** Passes with a status from 200 to 399. */
function exchange(stream: TcpStream, request: string, finish: (result: ProbeResult) => void): void {
  let answer = "";
  const judge = (): void => {
    const status = /^HTTP\/1\.[01] (\d{3})/.exec(answer)?.[1];
    if (status === undefined) finish("no HTTP answer");
    else finish(/^[23]/.test(status) ? undefined : `status ${status}`);
  };
  stream.handler = {
    onData: (chunk) => {
      answer += Buffer.from(chunk).toString("latin1");
      if (answer.includes("\r\n") || answer.length > ANSWER_LIMIT_BYTES) judge();
    },
    onEnd: judge,
    onDrain: () => undefined,
    onClose: judge,
  };
  stream.write(Buffer.from(request));
}

type Health = { readonly where: Where; readonly clock: Clock; readonly service: string };

/** `HealthCheckResponse` that says SERVING: field 1, an enum of 1. */
const SERVING = [0x08, 0x01];

/** gRPC's health protocol: passes where the service is SERVING. */
function askHealth(
  stream: TcpStream,
  { where, clock, service }: Health,
  finish: (result: ProbeResult) => void,
): void {
  const observer = { onAvailable: () => undefined, onClosed: () => undefined };
  const connection = connectHttp2(stream, observer, { now: () => clock.now() });
  const target = {
    authority: formatSocketAddr(where),
    path: "/grpc.health.v1.Health/Check",
  };
  callUnary(connection, target, healthRequest(service)).then(
    (answer) =>
      finish(Buffer.from(SERVING).equals(answer) ? undefined : "the service is not serving"),
    (error: unknown) => finish(String(error)),
  );
}

/** `HealthCheckRequest`: field 1, the service's name; none for the whole server. */
function healthRequest(service: string): Uint8Array {
  const name = Buffer.from(service);
  if (name.length === 0) return name;
  return Buffer.concat([Buffer.from([0x0a, ...varint(name.length)]), name]);
}

const varint = (value: number): number[] =>
  value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
