import { expect, test } from "bun:test";
import { CHANNELS } from "./distil.ts";
import { downloadRelease, readDefinitions } from "./release.ts";
import { renderGatewayApi } from "./render.ts";

const DOWNLOAD_MS = 120_000;

test.skipIf(Bun.which("go") === null)(
  "the channels are what main.ts makes of the release (needs Go)",
  async () => {
    const folder = await downloadRelease();
    for (const channel of CHANNELS)
      expect(renderGatewayApi(channel).map((each) => JSON.stringify(each))).toEqual(
        readDefinitions(folder, channel),
      );
  },
  DOWNLOAD_MS,
);
