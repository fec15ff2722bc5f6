import { DuijieError } from "../../contracts/errors.ts";
import type { SourceEntity } from "../connector.ts";

interface Tally {
  readonly county: string | null;
  readonly phase: string | null;
  rows: number;
}

/** Rows by county and phase, counted while the file is read once: there is no database to ask. */
export class CountyTally {
  readonly #tallies = new Map<string, Tally>();

  add(county: string | null, phase: string | null): void {
    const name = `${county ?? "\0"}\n${phase ?? "\0"}`;
    const tally = this.#tallies.get(name);
    if (tally === undefined) this.#tallies.set(name, { county, phase, rows: 1 });
    else tally.rows += 1;
  }

  count(source: SourceEntity): number {
    return this.#inScope(source).reduce((sum, { rows }) => sum + rows, 0);
  }

  counties(source: SourceEntity): readonly { county: string | null; rows: number }[] {
    const rows = new Map<string | null, number>();
    for (const tally of this.#inScope(source)) {
      rows.set(tally.county, (rows.get(tally.county) ?? 0) + tally.rows);
    }
    return [...rows]
      .map(([county, count]) => ({ county, rows: count }))
      .sort((one, other) => ((one.county ?? "") < (other.county ?? "") ? -1 : 1));
  }

  #inScope(source: SourceEntity): Tally[] {
    const isWanted = scopeFilter(source);
    return [...this.#tallies.values()].filter(({ county, phase }) => isWanted(county, phase));
  }
}

/** CONFIG_INVALID for a scope without its column, or an empty one. */
export function scopeFilter(source: SourceEntity): (county: string | null, phase: string | null) => boolean {
  const counties = wanted(source, "counties", source.countyColumn);
  const phases = wanted(source, "phases", source.phaseColumn);
  return (county, phase) =>
    (counties === null || (county !== null && counties.has(county))) &&
    (phases === null || (phase !== null && phases.has(phase)));
}

function wanted(
  source: SourceEntity,
  part: "counties" | "phases",
  column: string | undefined,
): ReadonlySet<string> | null {
  const values = source.scope?.[part];
  if (values === undefined) return null;
  if (column === undefined || values.length === 0) {
    throw new DuijieError("CONFIG_INVALID", { entity: source.entity, setting: `scope.${part}` });
  }
  return new Set(values);
}
