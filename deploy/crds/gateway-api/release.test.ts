import { expect, test } from "bun:test";
import { GoError } from "../../go.ts";
import { CHANNELS } from "./distil.ts";
import { downloadRelease, readDefinitions } from "./release.ts";
import { renderGatewayApi } from "./render.ts";

const folder = await downloadRelease().catch((error: unknown) => {
  if (error instanceof GoError && error.code !== "failed") return undefined;
  throw error;
});

test.skipIf(folder === undefined)(
  "the channels are what main.ts makes of the release (needs Go, and its registry)",
  () => {
    for (const channel of CHANNELS)
      expect(renderGatewayApi(channel).map((each) => JSON.stringify(each))).toEqual(
        readDefinitions(folder ?? "", channel),
      );
  },
);
