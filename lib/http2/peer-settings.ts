/** What the peer's settings make of us (RFC 9113 §6.5.2). */

import { connectionError, ErrorCode } from "./http2-error.ts";
import { CLIENT_STREAMS } from "./http2-options.ts";
import type { Sender } from "./sender.ts";
import { decodeSettings, SettingId } from "./settings.ts";
import type { StreamTable } from "./stream-table.ts";

/** Keeps what was said, and tells the sender what concerns it. */
export class PeerSettings {
  /** Whether the first settings came, which every connection begins with. */
  seen = false;
  /** How many streams a client may have open. */
  maxStreams: number = CLIENT_STREAMS.beforeSettings;
  /** Whether a client may send extended CONNECT (RFC 8441 §3); undefined before the settings came. */
  connectProtocol: boolean | undefined;
  readonly #role: "client" | "server";
  readonly #sender: Sender;
  readonly #table: StreamTable;

  constructor(
    role: "client" | "server",
    of: { readonly sender: Sender; readonly table: StreamTable },
  ) {
    this.#role = role;
    this.#sender = of.sender;
    this.#table = of.table;
  }

  /** Takes the payload of a SETTINGS frame in. Throws a connection error where it may not be as it is. */
  take(payload: Buffer, acknowledge: () => void): void {
    const settings = decodeSettings(payload);
    if (!this.seen) this.maxStreams = CLIENT_STREAMS.unlessSaid;
    this.connectProtocol ??= false;
    this.seen = true;
    // Before any frame that they let out: only then the peer knows that they hold.
    acknowledge();
    // A wider window lets trailers out, which are written for the table that the peer has from here on.
    for (const [id, value] of settings)
      if (id === SettingId.HEADER_TABLE_SIZE) this.#sender.encoder.setTableLimit(value);
    for (const [id, value] of settings) this.#apply(id, value);
  }

  #apply(id: number, value: number): void {
    const client = this.#role === "client";
    if (id === SettingId.INITIAL_WINDOW_SIZE)
      this.#sender.setInitialWindow(value, this.#table.all());
    else if (id === SettingId.MAX_CONCURRENT_STREAMS) this.maxStreams = value;
    else if (id === SettingId.ENABLE_PUSH && value === 1 && client)
      throw refused("a server may not enable push");
    else if (id === SettingId.ENABLE_CONNECT_PROTOCOL && client) this.#connectProtocol(value === 1);
  }

  #connectProtocol(enabled: boolean): void {
    if (this.connectProtocol === true && !enabled)
      throw refused("extended CONNECT is not taken back");
    this.connectProtocol = enabled;
  }
}

function refused(why: string): Error {
  return connectionError(ErrorCode.PROTOCOL_ERROR, `Cannot use settings: ${why}`);
}
