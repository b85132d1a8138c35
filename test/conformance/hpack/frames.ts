/** http2jp's frames, as Debian's haskell-http2 has them: read, written again, or refused with the code that they name. */

import { readdirSync, readFileSync } from "node:fs";
import { Flag, FrameType } from "#lib/http2/frame.ts";
import { FrameReader } from "#lib/http2/frame-reader.ts";
import { checkShape, unpad } from "#lib/http2/frame-shape.ts";
import { FrameWriter } from "#lib/http2/frame-writer.ts";
import { frame, GET, Http2Rig } from "../../fake/http2-rig.ts";
import type { Report } from "../suite.ts";

interface Vector {
  /** The codes of which one must be given. */
  readonly error: readonly number[] | null;
  readonly wire: string;
  readonly frame: {
    readonly length: number;
    readonly flags: number;
    readonly stream_identifier: number;
    readonly type: number;
    readonly frame_payload: Readonly<Record<string, unknown>>;
  } | null;
}

const EXPECTED = 34;

/** Each vector counts as one. */
export function checkFrames(report: Report, folder: string): void {
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const vectors = paths.filter((path) => path.endsWith(".json"));
  for (const path of vectors) {
    const vector = JSON.parse(readFileSync(`${folder}/${path}`, "utf8")) as Vector;
    const why = vector.error === null ? misread(vector) : unrefused(vector, vector.error);
    if (why === undefined) report.passed(path);
    else report.failed(path, why);
  }
  if (vectors.length !== EXPECTED)
    report.failed("frames", `${vectors.length} vectors were there, not ${EXPECTED}`);
}

/** A client with one request under way gets it. */
function unrefused({ wire }: Vector, codes: readonly number[]): string | undefined {
  const rig = new Http2Rig("client");
  rig.connection.open(GET, true);
  rig.take();
  rig.give(Buffer.from(wire, "hex"));
  const code = rig.connection.failure?.code ?? rig.resetCode();
  return code !== undefined && codes.includes(code) ? undefined : `the code was ${code}`;
}

function misread({ wire, frame: expected }: Vector): string | undefined {
  const bytes = Buffer.from(wire, "hex");
  let why: string | undefined = "no frame was read";
  new FrameReader("client").receive(bytes, {
    onFrame: (read) => {
      const { type, flags, streamId, length } = read;
      const writer = new FrameWriter();
      writer.frame(type, flags, streamId, read.view());
      checkShape(read);
      const padded = type === FrameType.DATA || type === FrameType.HEADERS;
      if (padded) unpad(read);
      if (type === FrameType.HEADERS && (flags & Flag.PRIORITY) !== 0) read.from += 5;
      const seen = { length, flags, stream_identifier: streamId, type };
      const same =
        Bun.deepEquals(seen, { ...expected, frame_payload: undefined }) &&
        writer.out.view().equals(frame(type, flags, streamId, bytes.subarray(9))) &&
        (!padded || textOf(expected) === read.view().toString("latin1"));
      why = same ? undefined : `read ${JSON.stringify(seen)}: ${read.view().toString("latin1")}`;
    },
  });
  return why;
}

function textOf(expected: Vector["frame"]): unknown {
  const { data, header_block_fragment } = expected?.frame_payload ?? {};
  return data ?? header_block_fragment;
}
