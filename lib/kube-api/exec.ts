/** `pods/NAME/exec`: a command in a container, its streams on channels of the client's connection. */

import type { SimpleRequest } from "#lib/http-io/simple.ts";
import { ApiError } from "./api-error.ts";
import { flag, parameter } from "./call.ts";
import type { Channels } from "./channels.ts";
import type { Session, SessionObserver } from "./node-api.ts";
import { type Fields, fieldsOf } from "./object.ts";
import { chooseContainer, nodeOf } from "./pod-target.ts";
import type { ResourceCall, Served } from "./served.ts";
import { acceptSpdyChannels, type SpdyChannelObserver } from "./spdy-channels.ts";
import { acceptChannels, chooseProtocol, isWebSocket } from "./websocket-channels.ts";

const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const ERROR = 3;
const RESIZE = 4;
const SPDY_PROTOCOL = "v4.channel.k8s.io";
const PROTOCOLS = ["v5.channel.k8s.io", "v4.channel.k8s.io"];

/** Runs what the request asks for; the connection is the session's. */
export function serveExec(served: Served, call: ResourceCall, request: SimpleRequest): void {
  const { route, resource } = call;
  const pod = served.registry.get(resource, route.name, route.namespace);
  const node = nodeOf(served, "run command");
  const container = chooseContainer(pod, parameter(request, "container"));
  const protocol = isWebSocket(request) ? chooseProtocol(request, PROTOCOLS) : undefined;
  const command = request.query.getAll("command");
  if (command.length === 0) throw new ApiError("BadRequest", "you must specify a command");
  const stdin = isWanted(request, "stdin");
  const tty = isWanted(request, "tty");
  const exec = new Exec((observer) =>
    node.run(
      { namespace: route.namespace, pod: route.name, container },
      { command, stdin, tty, observer },
    ),
  );
  if (protocol === undefined) {
    const wanted = wantedChannels(request, { stdin, tty });
    acceptSpdyChannels(request, { protocol: SPDY_PROTOCOL, wanted }, exec);
    return;
  }
  // Before the handshake is answered, so that what cannot be run is refused.
  exec.run();
  exec.channels = acceptChannels(request, protocol, exec);
  // As a kubelet does: the client sees that the connection is there.
  exec.channels.send(STDOUT, new Uint8Array(0));
}

/** The streams that a client of SPDY opens. */
function wantedChannels(
  request: SimpleRequest,
  { stdin, tty }: { readonly stdin: boolean; readonly tty: boolean },
): readonly number[] {
  const channels = [ERROR];
  if (stdin) channels.push(STDIN);
  if (isWanted(request, "stdout")) channels.push(STDOUT);
  if (isWanted(request, "stderr") && !tty) channels.push(STDERR);
  if (tty) channels.push(RESIZE);
  return channels;
}

function isWanted(request: SimpleRequest, name: string): boolean {
  return request.query.has(name) && flag(request, name);
}

/** A session and its client, each told what the other does. */
class Exec implements SpdyChannelObserver, SessionObserver {
  /** Set before the session can tell anything. */
  channels: Channels | undefined;
  session: Session | undefined;
  readonly #start: (observer: SessionObserver) => Session;

  constructor(start: (observer: SessionObserver) => Session) {
    this.#start = start;
  }

  /** Throws BadRequest where it cannot be run. */
  run(): void {
    try {
      this.session = this.#start(this);
    } catch (error) {
      throw new ApiError("BadRequest", error instanceof Error ? error.message : String(error));
    }
  }

  onReady(channels: Channels): void {
    this.channels = channels;
    try {
      this.run();
    } catch (error) {
      this.onExit({ error: error instanceof Error ? error.message : String(error) });
    }
  }

  onData(channel: number, bytes: Uint8Array): void {
    if (channel === STDIN) {
      if (this.session?.write(bytes) === false) this.channels?.pause();
    } else if (channel === RESIZE) this.#resize(bytes);
  }

  onEnd(channel: number): void {
    if (channel === STDIN) this.session?.end();
  }

  onDrain(): void {
    this.session?.resume();
  }

  onClose(): void {
    this.session?.stop();
  }

  onOutput(stream: "stdout" | "stderr", chunk: Uint8Array): boolean {
    return this.channels?.send(stream === "stdout" ? STDOUT : STDERR, chunk) ?? true;
  }

  onWritable(): void {
    this.channels?.resume();
  }

  onExit(result: { readonly exitCode: number } | { readonly error: string }): void {
    this.channels?.send(ERROR, Buffer.from(JSON.stringify(exitStatus(result))));
    this.channels?.close();
  }

  #resize(bytes: Uint8Array): void {
    const size = fieldsOf(parsed(bytes));
    const width = Number(size["Width"]);
    const height = Number(size["Height"]);
    if (isSize(width) && isSize(height)) this.session?.resize({ width, height });
  }
}

const SIZE_LIMIT = 0xffff;

function isSize(value: number): boolean {
  return Number.isInteger(value) && value > 0 && value <= SIZE_LIMIT;
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString());
  } catch {
    return undefined;
  }
}

/** What the client is told at the end, as a kubelet tells it. */
export function exitStatus(
  result: { readonly exitCode: number } | { readonly error: string },
): Fields {
  if ("error" in result)
    return {
      metadata: {},
      status: "Failure",
      message: `Internal error occurred: ${result.error}`,
      reason: "InternalError",
      details: { causes: [{ message: result.error }] },
      code: 500,
    };
  const { exitCode } = result;
  if (exitCode === 0) return { metadata: {}, status: "Success" };
  return {
    metadata: {},
    status: "Failure",
    message: `command terminated with non-zero exit code: exit status ${exitCode}`,
    reason: "NonZeroExitCode",
    details: { causes: [{ reason: "ExitCode", message: String(exitCode) }] },
  };
}
