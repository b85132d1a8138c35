import { describe, expect, test } from "bun:test";
import { HeaderList } from "./headers.ts";
import { removeHopByHop } from "./semantics.ts";

describe("removeHopByHop()", () => {
  test("removes connection fields and what Connection names", () => {
    const headers = HeaderList.of(
      ["connection", "close, X-Own"],
      ["x-own", "1"],
      ["connection", "keep-alive"],
      ["keep-alive", "timeout=5"],
      ["transfer-encoding", "chunked"],
      ["upgrade", "h2c"],
      ["accept", "*/*"],
    );
    removeHopByHop(headers);
    expect(headers.names).toEqual(["accept"]);
  });

  test("keeps te: trailers and nothing else of te", () => {
    const headers = HeaderList.of(["te", "gzip, Trailers"]);
    removeHopByHop(headers);
    expect(headers.getAll("te")).toEqual(["trailers"]);
    const other = HeaderList.of(["te", "gzip"]);
    removeHopByHop(other);
    expect(other.length).toBe(0);
  });

  test("lets Connection not remove what means the whole way", () => {
    const headers = HeaderList.of(
      ["connection", "authorization, content-length"],
      ["authorization", "x"],
    );
    removeHopByHop(headers);
    expect(headers.names).toEqual(["authorization"]);
  });

  test("leaves a list without such fields alone", () => {
    const headers = HeaderList.of(["a", "1"]);
    removeHopByHop(headers);
    expect(headers.names).toEqual(["a"]);
  });
});
