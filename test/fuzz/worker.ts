/** Fuzzes one target in a thread of its own, with counters written into the parsers as they are loaded. */

import { counters, instrument } from "./coverage.ts";
import { Fuzzer } from "./fuzzer.ts";
import { randomFrom } from "./mutate.ts";
import { readCorpus, readFindings } from "./store.ts";
import type { Target } from "./target.ts";

/** What the worker is told. `current` holds the input that is being run: its length, then its bytes. */
export interface Order {
  readonly target: string;
  readonly seconds: number;
  readonly seed: number;
  readonly current: SharedArrayBuffer;
  /** Its first word counts batches: a thread that hangs counts no more. */
  readonly pulse: SharedArrayBuffer;
}

/** What it says in the end. */
export interface Outcome {
  readonly executions: number;
  readonly corpus: readonly Uint8Array[];
  readonly finding: { readonly input: Uint8Array; readonly stack: string } | undefined;
}

const BATCH = 2000;
const INSTRUMENTED =
  /\/lib\/(addr|grpc|hpack|http|http1|http2|tls)\/[a-z0-9-]+\.ts$|\/proxy\/transport\/(detect|header)\.ts$/;

async function work(order: Order): Promise<Outcome> {
  Bun.plugin({
    name: "coverage",
    setup: (build) => {
      build.onLoad({ filter: INSTRUMENTED }, async ({ path }) => ({
        contents: instrument(path, await Bun.file(path).text()),
        loader: "ts",
      }));
    },
  });
  const { TARGETS } = await import("./targets/all.ts");
  const target = TARGETS.find(({ name }) => name === order.target) as Target;
  const corpus = [
    ...readCorpus(target.name),
    ...readFindings(target.name).map(({ input }) => input),
  ];
  const fuzzer = new Fuzzer(target, { counters, random: randomFrom(order.seed), corpus });
  const [length, bytes] = [new Uint32Array(order.current, 0, 1), new Uint8Array(order.current, 4)];
  const pulse = new Uint32Array(order.pulse);
  const note = (input: Uint8Array): void => {
    bytes.set(input);
    length[0] = input.length;
  };
  const deadline = performance.now() + order.seconds * 1000;
  let finding = fuzzer.begin();
  while (finding === undefined && performance.now() < deadline) {
    finding = fuzzer.run(BATCH, note);
    pulse[0] = (pulse[0] as number) + 1;
  }
  return {
    executions: fuzzer.executions,
    corpus: fuzzer.corpus.slice(target.seeds.length),
    finding: finding && { input: finding.input, stack: String(finding.error.stack) },
  };
}

declare const self: Worker;
self.onmessage = ({ data }: MessageEvent<Order>): void => {
  work(data).then(
    (outcome) => postMessage(outcome),
    (error: unknown) => {
      throw error;
    },
  );
};
