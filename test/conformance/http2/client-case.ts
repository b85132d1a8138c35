/** What a case for the client's role is: a request, what the server says then, and what must come of it. */

import type { RequestHead } from "#lib/http/message.ts";
import { FrameType } from "#lib/http2/frame.ts";
import type { Http2Options } from "#lib/http2/http2-options.ts";
import { encodeSettings } from "#lib/http2/settings.ts";
import { frame } from "../../fake/http2-rig.ts";
import { wholeOf } from "../../fake/whole-of.ts";
import type { ScriptedConnection } from "./scripted-server.ts";

/** One MUST of RFC 9113. */
export interface ClientCase {
  readonly section: string;
  readonly must: string;
  readonly options?: Partial<Http2Options>;
  readonly head?: Partial<RequestHead>;
  /** The request's body stays open. */
  readonly open?: boolean;
  /** The server's SETTINGS; none in them where not said. */
  readonly settings?: Buffer;
  /** What the server says once it has the request. */
  readonly say?: readonly Buffer[];
  /** The code of the GOAWAY that must come, with the end of the connection. */
  readonly goAway?: number;
  /** The code of the RST_STREAM that must come for stream 1; the connection must go on. */
  readonly reset?: number;
  /** All that the client must have been told; the connection must go on. */
  readonly told?: readonly string[];
  /** Anything else: does more and says what is wrong. */
  readonly check?: (connection: ScriptedConnection) => Promise<string | undefined>;
}

/** Plays a case and says what is wrong. */
export async function play(
  { settings, head, open, say, goAway, reset, told, check }: ClientCase,
  connection: ScriptedConnection,
): Promise<string | undefined> {
  await connection.say(settings ?? frame(FrameType.SETTINGS, 0, 0));
  await connection.request(head, open !== true);
  const requested = (): boolean => connection.sent(FrameType.HEADERS, 1).length > 0;
  if (!(await connection.until(requested))) return "no request came";
  await connection.say(...(say ?? []));
  if (goAway !== undefined) return await endsWith(connection, goAway);
  if (!(await connection.isAlive())) return `the connection does not go on: ${seen(connection)}`;
  if (reset !== undefined && codeOf(connection) !== reset) return `no reset: ${seen(connection)}`;
  const heard = connection.told.join("; ");
  if (told !== undefined && heard !== told.join("; ")) return `the client was told ${heard}`;
  return await check?.(connection);
}

async function endsWith(connection: ScriptedConnection, code: number): Promise<string | undefined> {
  if (!(await connection.until(() => connection.ended))) return `no end: ${seen(connection)}`;
  const [first] = connection.sent(FrameType.GOAWAY);
  return first?.payload.readUInt32BE(4) === code ? undefined : `no GOAWAY: ${seen(connection)}`;
}

/** A SETTINGS frame. */
export function settings(...entries: readonly (readonly [id: number, value: number])[]): Buffer {
  return frame(FrameType.SETTINGS, 0, 0, encodeSettings(entries));
}

/** A case whose bytes end the connection with this code. */
export function ends(section: string, must: string, goAway: number, ...say: Buffer[]): ClientCase {
  return { section, must, say, goAway };
}

/** Says what is wrong where of `give` bytes not `total` come, with `more` said in between. */
export async function sends(
  connection: ScriptedConnection,
  { give, more, total }: { readonly give: number; readonly more?: Buffer; readonly total: number },
): Promise<string | undefined> {
  const stream = await connection.request({}, false);
  stream.sendBytes(...wholeOf(Buffer.alloc(give)));
  await connection.isAlive();
  if (more !== undefined) await connection.say(more);
  await connection.isAlive();
  const bytes = connection
    .sent(FrameType.DATA)
    .reduce((sum, { payload }) => sum + payload.length, 0);
  return bytes === total ? undefined : `${bytes} bytes came`;
}

function codeOf(connection: ScriptedConnection): number | undefined {
  return connection.sent(FrameType.RST_STREAM, 1)[0]?.payload.readUInt32BE(0);
}

function seen({ frames, told }: ScriptedConnection): string {
  const list = frames.map(
    ({ type, streamId, payload }) => `${type}/${streamId} ${payload.toString("hex").slice(0, 32)}`,
  );
  return `${list.join(", ")}; told ${told.join("; ")}`;
}
