import type { SourceEntity } from "./connector.ts";

/** All columns that a source uses, each once; the configured fields first. */
export function usedColumns(source: SourceEntity): readonly string[] {
  const names = [...source.columns.map(({ column }) => column), ...source.key];
  if (source.countyColumn !== undefined) names.push(source.countyColumn);
  if (source.phaseColumn !== undefined) names.push(source.phaseColumn);
  return [...new Set(names)];
}
