/** One probe of a container, from the node's network, with the kubelet's rules. */

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
  const port = portOf(probe.httpGet?.port ?? probe.tcpSocket?.port ?? probe.grpc?.port, target);
  if (port === undefined) return "its port has no number";
  const where = {
    ip: probe.httpGet?.host ?? probe.tcpSocket?.host ?? target.podIp,
    port,
    timeoutMs,
  };
  return await ask(target, where, probe.httpGet && requestOf(probe.httpGet, where));
}

function portOf(port: number | string | undefined, target: ProbeTarget): number | undefined {
  return typeof port === "string" ? target.namedPort(port) : port;
}

function requestOf({ path = "/", httpHeaders = [] }: Http, { ip, port }: Where): string {
  const headers = httpHeaders.map(({ name, value }) => `${name}: ${value}\r\n`).join("");
  return `GET ${path} HTTP/1.1\r\nhost: ${ip}:${port}\r\nuser-agent: kube-probe/1.36\r\naccept: */*\r\nconnection: close\r\n${headers}\r\n`;
}

type Where = { readonly ip: string; readonly port: number; readonly timeoutMs: number };

/** Connects; with a request, also waits for a status from 200 to 399. */
function ask(target: ProbeTarget, where: Where, request: string | undefined): Promise<ProbeResult> {
  const { promise, resolve } = Promise.withResolvers<ProbeResult>();
  const timer = target.clock.after(where.timeoutMs, () => finish("no answer in time"));
  let open: TcpStream | undefined;
  const finish = (result: ProbeResult): void => {
    timer.cancel();
    open?.destroy();
    resolve(result);
  };
  const connected = (stream: TcpStream): void => {
    open = stream;
    if (request === undefined) finish(undefined);
    else exchange(stream, request, finish);
  };
  const options = {
    ...where,
    clock: target.clock,
    onFault: (error: Error): void => finish(error.message),
  };
  inNetns(target.nodeNetns, () =>
    connectTcp(options, { onConnected: connected, onFailed: (error) => finish(error.message) }),
  );
  return promise;
}

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
