import type { GuardianDefect, PupilDefect } from "./defects.ts";
import type { Guardian } from "./guardian.ts";
import type { GradePlan, ProvincePlan, SchoolPlan } from "./province-plan.ts";
import type { Pupil, Seat, Truth } from "./pupil.ts";
import type { Region } from "./region-data.ts";
import type { RegistryEntities } from "./registry-config.ts";

/** Text in the legacy registry's own codes; null is NULL. */
export type Raw = string | null;

/** Puts one row into one table of the registry. */
export type WriteRow = (table: string, values: readonly Raw[]) => void;

/** How the registry spells the keys of its rows. `number` counts from one within (entity, isMerged), ascending. */
export interface KeyStyle {
  /** Keys in the order of their numbers must also be in byte order, first all that are not merged, then the others. */
  key(entity: "school" | "campus" | "grade" | "class" | "student", number: number, isMerged: boolean): string;
  guardian(pupilKey: string, ordinal: string): string;
}

/** One province table: `[source code, national code, note]`. */
export type CodePairs = readonly (readonly [source: string, target: string, note?: string])[];

/** One place where a legacy registry's schema is described: its tables, and how a person becomes rows in them. */
export interface RegistryShape {
  readonly schema: string;
  readonly keys: KeyStyle;
  /** Statements run before the rows come; each table is created there. */
  readonly ddl: readonly string[];
  readonly tables: readonly { readonly name: string; readonly columns: readonly string[] }[];
  /** Statements run after them: indexes, views, statistics. */
  readonly afterwards: readonly string[];
  /** The same tables and indexes in words that every SQL database knows; left out where PostgreSQL alone can hold them. */
  readonly portable?: PortableTables;
  /** How the province's configuration describes it. */
  readonly entities: RegistryEntities;
  /** The province's code tables by name, without those of schools. */
  readonly codes: Readonly<Record<string, CodePairs>>;
  /** The kinds of defect that this schema can hold (a NOT NULL key, for example, cannot be missing). */
  readonly pupilDefects: readonly PupilDefect[];
  readonly guardianDefects: readonly GuardianDefect[];
  readonly rows: ShapeRows;
}

export interface PortableTables {
  /** Table → definitions of its columns, such as `xm varchar(60)`. */
  readonly columns: Readonly<Record<string, readonly string[]>>;
  readonly indexes: readonly (readonly [table: string, columns: string])[];
}

export interface ShapeRows {
  region(region: Region, write: WriteRow): void;
  school(row: { key: string; plan: SchoolPlan; truth: Truth }, write: WriteRow): void;
  campus(row: { key: string; schoolKey: string; plan: SchoolPlan; truth: Truth }, write: WriteRow): void;
  grade(
    row: { key: string; schoolKey: string; plan: SchoolPlan; grade: GradePlan; truth: Truth },
    write: WriteRow,
  ): void;
  class(row: { key: string; schoolKey: string; seat: Seat; truth: Truth }, write: WriteRow): void;
  /** Also writes the second row of a doubled key. */
  pupil(row: PupilRow, write: WriteRow): void;
  guardians(row: PupilRow, guardians: readonly Guardian[], write: WriteRow): void;
}

export interface PupilRow {
  readonly key: string;
  readonly schoolKey: string;
  readonly pupil: Pupil;
  readonly plan: ProvincePlan;
}

/** National code → the legacy codes that mean it. */
export class LegacyCodes {
  readonly #meanings = new Map<string, ReadonlyMap<string, readonly string[]>>();

  constructor(tables: Readonly<Record<string, CodePairs>>) {
    for (const [name, pairs] of Object.entries(tables)) {
      const meanings = new Map<string, readonly string[]>();
      for (const [source, target] of pairs) meanings.set(target, [...(meanings.get(target) ?? []), source]);
      this.#meanings.set(name, meanings);
    }
  }

  /** `variant` chooses among several legacy codes of one meaning. NULL stays NULL; an untranslatable code is our own mistake. */
  of(table: string, target: string | null | undefined, variant = 0): Raw {
    if (target === null || target === undefined) return null;
    const sources = this.#meanings.get(table)?.get(target);
    const source = sources?.[variant % sources.length];
    if (source === undefined) throw new RangeError(`no legacy code in ${table} means ${target}`);
    return source;
  }
}
