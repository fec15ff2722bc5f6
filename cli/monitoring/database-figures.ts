import { DuijieError } from "../../contracts/errors.ts";
import type { Figure } from "../../contracts/meter.ts";
import { type FigureStatement, readFigures } from "../../exchange-db/figures.ts";
import type { Store } from "../../exchange-db/store.ts";
import { shared, within } from "./deadline.ts";

export interface DatabaseFigures {
  readonly isUp: boolean;
  readonly figures: readonly Figure[];
  /** Null where nothing was read. */
  readonly seconds: number | null;
}

/** Of one statement, and of one look. */
const limits = { statementMs: 4000, lookMs: 5000 };

/** Looks into the database when somebody scrapes; gives up before Prometheus does. */
export function databaseFigures(
  store: Store,
  statements: readonly FigureStatement[],
  province: string | null,
  keepMs: number,
): () => Promise<DatabaseFigures> {
  const look = shared(async () => await read(store, statements, province), keepMs);
  return async () => await within(look(), limits.lookMs, { isUp: false, figures: [], seconds: null });
}

async function read(
  store: Store,
  statements: readonly FigureStatement[],
  province: string | null,
): Promise<DatabaseFigures> {
  const started = performance.now();
  try {
    const figures = await readFigures(store, statements, { province, timeoutMs: limits.statementMs });
    return { isUp: true, figures, seconds: (performance.now() - started) / 1000 };
  } catch (error) {
    // A statement over its limit, or a schema that is not there yet: the database is up, its figures are missing.
    const isUp = error instanceof DuijieError && ["STORE_CONFLICT", "SCHEMA_MISSING"].includes(error.code);
    return { isUp, figures: [], seconds: null };
  }
}
