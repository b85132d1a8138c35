import { expect, test } from "bun:test";
import { HeaderList } from "#lib/http/headers.ts";
import { removeMeshHeaders, takeRequiredId } from "./mesh-headers.ts";

test("WIRE13: removeMeshHeaders() takes away what only the mesh may write, however often", () => {
  const headers = HeaderList.of(
    ["l5d-client-id", "a"],
    ["l5d-client-id", "b"],
    ["accept", "c"],
    ["bunkerd-not-delivered", "1"],
    ["l5d-orig-proto", "HTTP/1.0"],
    ["l5d-retry-limit", "2"],
    ["l5d-proxy-error", "d"],
    ["l5d-proxy-connection", "close"],
    ["link", "e"],
  );
  expect(removeMeshHeaders(headers)).toBe(true);
  expect(headers.names).toEqual(["accept", "l5d-retry-limit", "link"]);
  expect(removeMeshHeaders(HeaderList.of())).toBe(false);
  expect(removeMeshHeaders(HeaderList.of(["accept", "a"], ["l5d-proxy-error", "b"]))).toBe(false);
});

test("HDR4: takeRequiredId() takes the first one, and leaves none", () => {
  const headers = HeaderList.of(
    ["l5d-require-id", "a"],
    ["l5d-client-id", "b"],
    ["l5d-require-id", "c"],
    ["accept", "d"],
  );
  expect(takeRequiredId(headers)).toBe("a");
  expect(headers.names).toEqual(["accept"]);
  expect(takeRequiredId(headers)).toBeUndefined();
});
