import { DuijieError } from "../contracts/errors.ts";
import type { SourceEntity } from "./connector.ts";

/** All columns that a source uses, each once; the configured fields first. */
export function usedColumns(source: SourceEntity): readonly string[] {
  const names = [...source.columns.map(({ column }) => column), ...source.key];
  if (source.countyColumn !== undefined) names.push(source.countyColumn);
  if (source.phaseColumn !== undefined) names.push(source.phaseColumn);
  return [...new Set(names)];
}

/** What a source's scope asks of which column. CONFIG_INVALID for a scope without its column or without values. */
export function scopedColumns({
  countyColumn,
  entity,
  phaseColumn,
  scope = {},
}: SourceEntity): readonly { readonly column: string; readonly values: readonly string[] }[] {
  const parts = [
    ["counties", countyColumn, scope.counties],
    ["phases", phaseColumn, scope.phases],
  ] as const;
  return parts.flatMap(([part, column, values]) => {
    if (values === undefined) return [];
    if (column === undefined || values.length === 0)
      throw new DuijieError("CONFIG_INVALID", { entity, setting: `scope.${part}` });
    return [{ column, values }];
  });
}

/** What the server says of one configured column. */
export interface ColumnState {
  readonly column: string;
  readonly exists: boolean;
  readonly isReadable: boolean;
  /** A constraint of the table keeps NULL out. */
  readonly isNotNull: boolean;
}
