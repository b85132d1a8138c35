/** What is in the image, as SPDX 2.3 and as CycloneDX 1.5, in JSON: for scanners of vulnerabilities and licences. */

/** One thing that somebody else makes. */
export interface Ingredient {
  readonly name: string;
  readonly version: string;
  /** A package URL: which registry it is of. */
  readonly purl: string;
  /** An SPDX expression, as its maker declares it; a Debian package says it in its copyright file, which is in the image. */
  readonly license?: string | undefined;
}

const byPurl = (ingredients: readonly Ingredient[]): Ingredient[] =>
  [...ingredients].sort((a, b) => (a.purl < b.purl ? -1 : 1));

/** The same as CycloneDX. */
export function cycloneDx(
  image: { readonly name: string; readonly version: string },
  ingredients: readonly Ingredient[],
): string {
  const document = {
    bomFormat: "CycloneDX",
    specVersion: "1.5",
    version: 1,
    metadata: { component: { type: "container", ...image } },
    components: byPurl(ingredients).map(({ name, version, purl, license }) => ({
      type: "library",
      "bom-ref": purl,
      name,
      version,
      purl,
      ...(license !== undefined && { licenses: [{ expression: license }] }),
    })),
  };
  return JSON.stringify(document, undefined, 2);
}

/** The document of an image; the same ingredients give the same one. */
export function sbom(
  image: { readonly name: string; readonly version: string },
  ingredients: readonly Ingredient[],
): string {
  const sorted = byPurl(ingredients);
  const packages = [
    { id: "image", name: image.name, version: image.version, purl: undefined, license: undefined },
    ...sorted.map((each, i) => ({ id: `ingredient-${i}`, ...each })),
  ];
  return JSON.stringify(
    {
      spdxVersion: "SPDX-2.3",
      dataLicense: "CC0-1.0",
      SPDXID: "SPDXRef-DOCUMENT",
      name: `${image.name}:${image.version}`,
      documentNamespace: `https://spdx.org/spdxdocs/${image.name}-${image.version}`,
      creationInfo: { created: "1970-01-01T00:00:00Z", creators: ["Tool: bunkerd-image"] },
      packages: packages.map(({ id, name, version, purl, license }) => ({
        SPDXID: `SPDXRef-${id}`,
        name,
        versionInfo: version,
        downloadLocation: "NOASSERTION",
        filesAnalyzed: false,
        licenseConcluded: "NOASSERTION",
        licenseDeclared: license ?? "NOASSERTION",
        copyrightText: "NOASSERTION",
        ...(purl !== undefined && {
          externalRefs: [
            {
              referenceCategory: "PACKAGE-MANAGER",
              referenceType: "purl",
              referenceLocator: purl,
            },
          ],
        }),
      })),
      relationships: [
        {
          spdxElementId: "SPDXRef-DOCUMENT",
          relationshipType: "DESCRIBES",
          relatedSpdxElement: "SPDXRef-image",
        },
        ...sorted.map((_, i) => ({
          spdxElementId: "SPDXRef-image",
          relationshipType: "CONTAINS",
          relatedSpdxElement: `SPDXRef-ingredient-${i}`,
        })),
      ],
    },
    undefined,
    2,
  );
}

interface Lock {
  readonly packages: Readonly<
    Record<string, { readonly version?: string; readonly dev?: boolean; readonly license?: string }>
  >;
}

/** What the executable is compiled of: package-lock.json without what only tests use, and the runtime. */
export function npmIngredients(lock: Lock, runtimeVersion: string): Ingredient[] {
  const modules = Object.entries(lock.packages).filter(
    ([path, { dev }]) => path !== "" && dev !== true,
  );
  return [
    {
      name: "bun",
      version: runtimeVersion,
      purl: `pkg:github/oven-sh/bun@bun-v${runtimeVersion}`,
      license: "MIT",
    },
    ...modules.map(([path, { version = "", license }]) => {
      const name = path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
      return { name, version, purl: `pkg:npm/${name.replace("@", "%40")}@${version}`, license };
    }),
  ];
}
