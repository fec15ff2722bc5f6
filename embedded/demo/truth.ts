import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type EntityName, entityNames } from "../../contracts/entity.ts";
import type { Fate, Outcome } from "./defects.ts";
import type { Truth } from "./pupil.ts";
import { jsonText, LineFile } from "./text-files.ts";

/** What became of one kind of planted defect, or of the rows that hang on it. */
export interface TruthDefect {
  readonly kind: string;
  readonly entity: EntityName;
  readonly outcome: Outcome;
  readonly code: string;
  /** Rows of the registry. */
  count: number;
}

export interface TruthEntity {
  /** Rows of the registry. */
  read: number;
  applied: number;
  readonly quarantined: Record<string, number>;
  readonly rejected: Record<string, number>;
  readonly waiting: Record<string, number>;
}

export interface TruthFile {
  readonly format: 1;
  readonly seed: string;
  readonly province: string;
  readonly students: number;
  readonly entities: Readonly<Record<EntityName, TruthEntity>>;
  readonly defects: readonly TruthDefect[];
}

/**
 * Counts and writes what has to come out: `expected/<entity>.ndjson` holds the records of the nation in byte order of
 * their keys, `expected/<entity>.exceptions.ndjson` each row that must end otherwise, `truth.json` the sums.
 */
export class TruthRecorder {
  readonly #folder: string;
  readonly #entities: Record<EntityName, TruthEntity>;
  readonly #heads: Partial<Record<EntityName, readonly string[]>> = {};
  readonly #defects = new Map<string, TruthDefect>();
  readonly #files: Readonly<
    Record<EntityName, { readonly applied: LineFile; readonly exceptions: LineFile }>
  >;

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(join(folder, "expected"), { recursive: true });
    this.#entities = perEntity(() => ({ read: 0, applied: 0, quarantined: {}, rejected: {}, waiting: {} }));
    this.#files = perEntity((entity) => ({
      applied: new LineFile(join(folder, "expected", `${entity}.ndjson`)),
      exceptions: new LineFile(join(folder, "expected", `${entity}.exceptions.ndjson`)),
    }));
  }

  applied(entity: EntityName, key: string, truth: Truth): void {
    this.#entities[entity].read += 1;
    this.#entities[entity].applied += 1;
    // All records of an entity have one shape, so the names are written once.
    const heads = (this.#heads[entity] ??= Object.keys(truth).map((field) => `,"${field}":`));
    const values = Object.values(truth);
    let line = `{"key":${jsonText(key)}`;
    for (let at = 0; at < values.length; at++) line += heads[at] + jsonText(values[at] ?? null);
    this.#files[entity].applied.line(`${line}}`);
  }

  /** `rows`: a doubled key stands for two. */
  exception(entity: EntityName, kind: string, key: string | null, fate: Fate, rows = 1): void {
    const counts = this.#entities[entity];
    counts.read += rows;
    const byCode = counts[fate.outcome];
    byCode[fate.code] = (byCode[fate.code] ?? 0) + rows;
    this.#count(entity, kind, fate).count += rows;
    const line = `{"key":${jsonText(key)},"rows":${rows},"outcome":"${fate.outcome}","code":"${fate.code}"}`;
    this.#files[entity].exceptions.line(line);
  }

  close(head: Pick<TruthFile, "seed" | "province" | "students">): TruthFile {
    for (const entity of entityNames) {
      this.#files[entity].applied.close();
      this.#files[entity].exceptions.close();
    }
    const truth: TruthFile = {
      format: 1,
      ...head,
      entities: this.#entities,
      defects: [...this.#defects.values()],
    };
    writeFileSync(join(this.#folder, "truth.json"), `${JSON.stringify(truth, null, 2)}\n`);
    return truth;
  }

  #count(entity: EntityName, kind: string, fate: Fate): TruthDefect {
    const id = `${entity} ${kind}`;
    const known = this.#defects.get(id);
    if (known !== undefined) return known;
    const fresh = { kind, entity, ...fate, count: 0 };
    this.#defects.set(id, fresh);
    return fresh;
  }
}

export function perEntity<T>(make: (entity: EntityName) => T): Record<EntityName, T> {
  return {
    region: make("region"),
    school: make("school"),
    campus: make("campus"),
    grade: make("grade"),
    class: make("class"),
    student: make("student"),
    guardian: make("guardian"),
  };
}
