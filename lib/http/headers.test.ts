import { describe, expect, test } from "bun:test";
import { HeaderList } from "./headers.ts";

describe("HeaderList", () => {
  test("keeps order and repeated fields", () => {
    const list = HeaderList.of(["a", "1"], ["b", "2"], ["a", "3"]);
    expect(list.length).toBe(3);
    expect(list.get("a")).toBe("1");
    expect(list.getAll("a")).toEqual(["1", "3"]);
    expect(list.has("b")).toBe(true);
    expect(list.get("c")).toBeUndefined();
  });

  test("delete() removes every field of a name and says whether there was one", () => {
    const list = HeaderList.of(["a", "1"], ["b", "2"], ["a", "3"], ["c", "4"]);
    expect(list.delete("a")).toBe(true);
    expect(list.names).toEqual(["b", "c"]);
    expect(list.values).toEqual(["2", "4"]);
    expect(list.delete("a")).toBe(false);
  });

  test("set() replaces all by one at the end", () => {
    const list = HeaderList.of(["a", "1"], ["b", "2"]);
    list.set("a", "9");
    expect(list.names).toEqual(["b", "a"]);
    expect(list.get("a")).toBe("9");
  });

  test("clone() is independent", () => {
    const list = HeaderList.of(["a", "1"]);
    const copy = list.clone();
    copy.add("b", "2");
    expect(list.length).toBe(1);
    expect(copy.length).toBe(2);
  });
});
