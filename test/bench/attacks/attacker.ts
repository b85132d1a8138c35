/** Run by the bench: one attack from one process, or the hostile server behind the proxy. */

import type { Attack } from "./attack.ts";
import { endingsText, type Listening, listening } from "./endings.ts";
import { ATTACKS } from "./list.ts";
import { Pump, type PumpSocket } from "./pump.ts";
import { startUpstream } from "./upstream.ts";

/** What is still on its way when time is over is waited for so long, in milliseconds. */
const SETTLE_MS = 300;

/** What came of an attack. */
export interface Attacked {
  readonly connections: number;
  readonly endings: string;
}

/** One connection of the attack. */
interface Mine {
  readonly socket: PumpSocket;
  readonly pump: Pump;
  readonly heard: Listening;
}

/** All connections of one attack. */
class Assault {
  readonly #attack: Attack;
  readonly #place: { readonly ip: string; readonly port: number };
  readonly #live = new Set<Mine>();
  readonly #endings: string[] = [];
  readonly #over = Promise.withResolvers<void>();
  #opened = 0;
  #pending = 0;
  #stopped = false;

  constructor(attack: Attack, place: { readonly ip: string; readonly port: number }) {
    this.#attack = attack;
    this.#place = place;
  }

  async run(ms: number): Promise<Attacked> {
    for (let i = 0; i < this.#attack.connections; i++) this.#open();
    const timer = setTimeout(() => this.#over.resolve(), ms);
    await this.#over.promise;
    clearTimeout(timer);
    this.#stopped = true;
    for (const { pump, socket } of this.#live) {
      pump.stop();
      if (this.#attack.deaf === true) socket.resume();
    }
    await Bun.sleep(SETTLE_MS);
    for (const mine of this.#live) this.#endings.push(`${mine.heard.last ?? "silent"}, held`);
    return { connections: this.#opened, endings: endingsText(this.#endings) };
  }

  #open(): void {
    this.#opened += 1;
    this.#pending += 1;
    const state: { mine?: Mine; gone?: boolean } = {};
    const gone = (): void => {
      if (state.gone === true) return;
      state.gone = true;
      if (state.mine === undefined) this.#pending -= 1;
      this.#gone(state.mine);
    };
    const connect = {
      hostname: this.#place.ip,
      port: this.#place.port,
      socket: {
        open: (socket: PumpSocket) => {
          this.#pending -= 1;
          state.mine = this.#begin(socket);
        },
        data: (_: PumpSocket, bytes: Buffer) => state.mine?.heard.hear(bytes),
        drain: () => state.mine?.pump.go(),
        end: (socket: PumpSocket) => socket.end(),
        close: gone,
        error: gone,
        connectError: gone,
      },
    } as unknown as Parameters<typeof Bun.connect>[0];
    Bun.connect(connect).catch(gone);
  }

  #begin(socket: PumpSocket): Mine {
    const attack = this.#attack;
    const done = (): void => {
      if (attack.drops === true) socket.terminate();
    };
    const pump = new Pump(socket, attack.bytes(), { everyMs: attack.everyMs, onDone: done });
    const mine = { socket, pump, heard: listening(attack.over) };
    this.#live.add(mine);
    if (attack.deaf === true) socket.pause();
    setImmediate(() => pump.go());
    return mine;
  }

  #gone(mine: Mine | undefined): void {
    mine?.pump.stop();
    if (mine !== undefined) this.#live.delete(mine);
    if (this.#stopped && mine === undefined) return;
    this.#endings.push(
      mine === undefined ? "not connected" : `${mine.heard.last ?? ""} closed`.trim(),
    );
    const { connections, total = connections } = this.#attack;
    if (this.#stopped) return;
    if (this.#opened < total) this.#open();
    else if (this.#live.size === 0 && this.#pending === 0) this.#over.resolve();
  }
}

/** `attack ID IP PORT MILLISECONDS` prints what came of it as JSON; `upstream ID PORT` serves until it is ended. */
export async function main(
  [role = "", id = "", ...more]: readonly string[],
  write: (text: string) => void,
): Promise<number> {
  const attack = ATTACKS.find((each) => each.id === id);
  if (attack === undefined) {
    write(`Cannot attack: there is no ${id}\n`);
    return 2;
  }
  if (role === "upstream") {
    startUpstream(attack, Number(more[0]));
    write("listening\n");
    return 0;
  }
  const [ip = "", port = "0", ms = "0"] = more;
  const came = await new Assault(attack, { ip, port: Number(port) }).run(Number(ms));
  write(`${JSON.stringify(came)}\n`);
  return 0;
}

if (import.meta.main) {
  process.exitCode = await main(process.argv.slice(2), (text) => void process.stdout.write(text));
  if (process.argv[2] !== "upstream") process.exit();
}
