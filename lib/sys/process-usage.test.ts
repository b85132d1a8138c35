import { expect, test } from "bun:test";
import { parseProcessUsage, processUsage } from "./process-usage.ts";

const FILES = {
  stat: "7 (a) b (c) S 1 7 7 0 -1 4194304 500 0 0 0 250 50 0 0 20 0 12 0 900 104857600 2560 18446744073709551615 1 1 0",
  limits:
    "Limit                     Soft Limit           Hard Limit           Units     \nMax open files            20000                30000                files     \n",
  netDev:
    "Inter-|   Receive    |  Transmit\n face |bytes packets errs drop fifo frame compressed multicast|bytes packets errs drop fifo colls carrier compressed\n    lo: 100 1 0 0 0 0 0 0 200 1 0 0 0 0 0 0\n  eth0:1000 1 0 0 0 0 0 0 2000 1 0 0 0 0 0 0\n",
  openFiles: 9,
};

test("parseProcessUsage() reads the kernel's files, whatever the program is called", () => {
  expect(parseProcessUsage(FILES)).toEqual({
    residentBytes: 2560 * 4096,
    virtualBytes: 104_857_600,
    cpuSeconds: 3,
    threads: 12,
    openFiles: 9,
    maxFiles: 20_000,
    receivedBytes: 1100,
    transmittedBytes: 2200,
  });
});

test("parseProcessUsage() knows no limit, and takes what is not said for nothing", () => {
  const limits = "Max open files            unlimited            unlimited            files\n";
  expect(parseProcessUsage({ ...FILES, limits }).maxFiles).toBe(Number.POSITIVE_INFINITY);
  expect(parseProcessUsage({ stat: "", limits: "", netDev: "", openFiles: 0 })).toEqual({
    ...{ residentBytes: 0, virtualBytes: 0, cpuSeconds: 0, threads: 0 },
    ...{ openFiles: 0, maxFiles: 0, receivedBytes: 0, transmittedBytes: 0 },
  });
});

test("processUsage() is of this process", () => {
  const { rss } = process.memoryUsage();
  const usage = processUsage();
  expect(usage.residentBytes / rss).toBeWithin(0.5, 2);
  for (const [name, value] of Object.entries(usage))
    expect({ name, isThere: value > 0 || name.endsWith("mittedBytes") }).toEqual({
      ...{ name, isThere: true },
    });
});
