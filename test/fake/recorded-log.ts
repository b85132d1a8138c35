/** A logger whose lines a test can read. */

import { LogFilter } from "#lib/log/log-filter.ts";
import { createLogger, type Logger } from "#lib/log/logger.ts";

/** Everything that was logged, a line each. */
export class RecordedLog {
  readonly lines: string[] = [];
  readonly logger: Logger;

  constructor() {
    const filter = new LogFilter();
    filter.set("debug");
    this.logger = createLogger({
      ...{ filter, format: "plain", wall: () => 0 },
      write: (line) => void this.lines.push(line),
    });
  }
}
