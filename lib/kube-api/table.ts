/** Lists as tables, for clients that print what the server chose. */

import type { CustomKind, PrinterColumn } from "./catalog.ts";
import type { Column } from "./column.ts";
import { columnsOf, since } from "./columns.ts";
import type { ApiResource } from "./kinds.ts";
import { type ApiObject, at, type Fields } from "./object.ts";

/** How much of each object goes with its row: `includeObject` of the query. */
export type IncludeObject = "None" | "Metadata" | "Object";

/** A Table of objects. */
export function tableOf(
  resource: ApiResource,
  objects: readonly ApiObject[],
  how: {
    readonly wallMs: number;
    readonly include: IncludeObject;
    readonly custom: CustomKind | undefined;
    readonly metadata: Fields;
  },
): Fields {
  const columns =
    how.custom === undefined || how.custom.columns.length === 0
      ? columnsOf(resource)
      : customColumns(how.custom.columns);
  return {
    kind: "Table",
    apiVersion: "meta.k8s.io/v1",
    metadata: how.metadata,
    columnDefinitions: columns.map((column) => ({
      name: column.name,
      type: column.type ?? "string",
      format: column.name === "Name" ? "name" : "",
      description: column.name,
      priority: column.wide === true ? 1 : 0,
    })),
    rows: objects.map((object) => ({
      cells: columns.map((column) => column.cell(object, how.wallMs)),
      ...(how.include !== "None" && {
        object: how.include === "Object" ? object : partial(object),
      }),
    })),
  };
}

function partial({ metadata }: ApiObject): Fields {
  return { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata };
}

function customColumns(columns: readonly PrinterColumn[]): Column[] {
  const name: Column = { name: "Name", cell: ({ metadata }) => metadata.name ?? "" };
  return [
    name,
    ...columns.map((column) => ({
      name: column.name,
      type: column.type === "date" ? "string" : column.type,
      wide: column.priority > 0,
      cell: (object: ApiObject, wallMs: number): unknown => {
        const value = pick(object, column.jsonPath);
        if (column.type === "date")
          return since(typeof value === "string" ? value : undefined, wallMs);
        return value ?? "";
      },
    })),
  ];
}

/** Simple JSON paths, with one kind of filter: `.status.conditions[?(@.type=="Ready")].status`. */
function pick(object: unknown, jsonPath: string): unknown {
  let value = object;
  for (const [, field, key, wanted, index] of jsonPath.matchAll(
    /\.([\w-]+)|\[\?\(@\.(\w+)\s*==\s*["']([^"']*)["']\)\]|\[(\d+|\*)\]/g,
  )) {
    if (field !== undefined) value = at(value, field);
    else if (!Array.isArray(value)) return undefined;
    else if (key !== undefined) value = value.find((each) => at(each, key) === wanted);
    else value = value[index === "*" ? 0 : Number(index)];
  }
  return value;
}
