/** The decoder of python3-hpack in a process of its own: what it makes of blocks that we encoded. */

const PYTHON = "/usr/bin/python3";
/** Each line is a story: its blocks in hex. The answer is a line too: each block's fields, with 1 for never indexed. */
const SCRIPT = `
import json, sys
from hpack import Decoder, NeverIndexedHeaderTuple
for line in sys.stdin:
    decoder = Decoder(max_header_list_size=1 << 24)
    decoder.max_allowed_table_size = 1 << 20
    lists = []
    try:
        for block in json.loads(line):
            lists.append([[n.decode('latin1'), v.decode('latin1'), int(isinstance(f, NeverIndexedHeaderTuple))]
                for f in decoder.decode(bytes.fromhex(block), raw=True) for n, v in [f]])
        print(json.dumps(lists), flush=True)
    except Exception as error:
        print(json.dumps(repr(error)), flush=True)
`;

/** A field as the other side read it. */
export type ReadField = readonly [name: string, value: string, neverIndexed: 0 | 1];

/** Whether it is installed. */
export async function hasPythonHpack(): Promise<boolean> {
  if (Bun.which(PYTHON) === null) return false;
  return (await Bun.spawn([PYTHON, "-c", "import hpack"], { stderr: "ignore" }).exited) === 0;
}

/** Decodes stories, each with a decoder of its own; the reason where it refuses one. */
export async function decodeStories(
  stories: readonly (readonly Buffer[])[],
): Promise<(readonly (readonly ReadField[])[] | string)[]> {
  const input = stories.map((blocks) => JSON.stringify(blocks.map((each) => each.toString("hex"))));
  const child = Bun.spawn([PYTHON, "-c", SCRIPT], {
    stdin: Buffer.from(`${input.join("\n")}\n`),
    stdout: "pipe",
    stderr: "inherit",
  });
  const output = await new Response(child.stdout).text();
  await child.exited;
  const lines = output.trim().split("\n");
  return stories.map((_, index) => JSON.parse(lines[index] ?? '"it gave no answer"'));
}
