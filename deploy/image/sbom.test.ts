import { expect, test } from "bun:test";
import lockfile from "../../package-lock.json" with { type: "json" };
import { cycloneDx, npmIngredients, sbom } from "./sbom.ts";

const LOCK = {
  packages: {
    "": { version: "1.0.0" },
    "node_modules/@scope/used": { version: "2.0.0", license: "MIT" },
    "node_modules/tests": { version: "3.0.0", dev: true },
  },
};

test("L7: npmIngredients() has the runtime and what is not for tests alone", () => {
  expect(npmIngredients(LOCK, "1.4.5").map(({ purl }) => purl)).toEqual([
    "pkg:github/oven-sh/bun@bun-v1.4.5",
    "pkg:npm/%40scope/used@2.0.0",
  ]);
});

test("L7: sbom() says that the image contains each ingredient, in whatever order they are named", () => {
  const ingredients = npmIngredients(LOCK, "1.4.5");
  const image = { name: "test.local/mesh", version: "0.1.0" };
  const text = sbom(image, ingredients);
  expect(sbom(image, ingredients.toReversed())).toBe(text);
  const { packages, relationships } = JSON.parse(text) as {
    packages: { name: string }[];
    relationships: unknown[];
  };
  expect(packages.map(({ name }) => name)).toEqual(["test.local/mesh", "bun", "@scope/used"]);
  expect(relationships).toHaveLength(3);
});

test("L7: both documents name licences, and cycloneDx() the same things", () => {
  const ingredients = npmIngredients(LOCK, "1.4.5");
  const image = { name: "test.local/mesh", version: "0.1.0" };
  const { components } = JSON.parse(cycloneDx(image, ingredients)) as {
    components: { purl: string; licenses: { expression: string }[] }[];
  };
  expect(components.map(({ purl, licenses }) => [purl, licenses[0]?.expression])).toEqual([
    ["pkg:github/oven-sh/bun@bun-v1.4.5", "MIT"],
    ["pkg:npm/%40scope/used@2.0.0", "MIT"],
  ]);
  expect(sbom(image, ingredients)).toContain('"licenseDeclared": "MIT"');
});

/** Of what is compiled in: their terms ask for a notice, and for nothing of our own. */
const ACCEPTED =
  /^(MIT|ISC|Apache-2\.0|BSD-[23]-Clause|0BSD|Unlicense|Python-2\.0|PSF-2\.0|CC0-1\.0)$/;

test("L7: everything that is compiled in has a licence that can be kept", () => {
  for (const { name, license = "" } of npmIngredients(lockfile as never, "1")) {
    const alternatives = license
      .replaceAll(/[()]/g, "")
      .split(" OR ")
      .map((each) => each.split(" AND "));
    const kept = alternatives.some((all) => all.every((each) => ACCEPTED.test(each)));
    expect([name, license, kept]).toEqual([name, license, true]);
  }
});
