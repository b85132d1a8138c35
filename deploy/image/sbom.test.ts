import { expect, test } from "bun:test";
import { npmIngredients, sbom } from "./sbom.ts";

const LOCK = {
  packages: {
    "": { version: "1.0.0" },
    "node_modules/@scope/used": { version: "2.0.0" },
    "node_modules/tests": { version: "3.0.0", dev: true },
  },
};

test("npmIngredients() has the runtime and what is not for tests alone", () => {
  expect(npmIngredients(LOCK, "1.4.5").map(({ purl }) => purl)).toEqual([
    "pkg:github/oven-sh/bun@bun-v1.4.5",
    "pkg:npm/%40scope/used@2.0.0",
  ]);
});

test("sbom() says that the image contains each ingredient, in whatever order they are named", () => {
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
