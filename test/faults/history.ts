import pg from "pg";
import { entityNames } from "../../contracts/entity.ts";
import { entityContract } from "../../contracts/registry.ts";

/**
 * Lets both databases keep a history of their own that no process of ours can forget: each version of a record that the
 * nation wrote, and whatever went backwards. Judged at the end, for a final state may look right after a wrong way there.
 */
export async function keepHistory(exchangeUrl: string, nationalUrl: string): Promise<void> {
  const tables = entityNames.map((entity) => entityContract(entity).table);
  await inDatabase(nationalUrl, historySql("registry", "version", tables));
  await inDatabase(exchangeUrl, historySql("staging", "batch_id", tables));
}

function historySql(schema: string, version: string, tables: readonly string[]): string {
  const triggers = tables.map(
    (table) => `CREATE TRIGGER observed AFTER INSERT OR UPDATE OR DELETE ON ${schema}.${table}
      FOR EACH ROW EXECUTE FUNCTION observed.note();`,
  );
  return `CREATE SCHEMA observed;
    CREATE TABLE observed.violation (id bigint GENERATED ALWAYS AS IDENTITY, what text NOT NULL);
    CREATE TABLE observed.written (entity text, source_key text, version bigint, PRIMARY KEY (entity, source_key, version));
    CREATE FUNCTION observed.note() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'DELETE' THEN
        INSERT INTO observed.violation (what) VALUES (TG_TABLE_NAME || ': a row was removed');
        RETURN NULL;
      END IF;
      IF TG_OP = 'UPDATE' AND NEW.${version} <= OLD.${version} THEN
        INSERT INTO observed.violation (what) VALUES (TG_TABLE_NAME || ': a version was overwritten by no newer one');
      END IF;
      INSERT INTO observed.written VALUES (TG_TABLE_NAME, NEW.source_key, NEW.${version}) ON CONFLICT DO NOTHING;
      IF NOT FOUND THEN
        INSERT INTO observed.violation (what) VALUES (TG_TABLE_NAME || ': a version took effect twice');
      END IF;
      RETURN NULL;
    END $$;
    ${triggers.join("\n")}`;
}

async function inDatabase(connectionString: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** Asks for the sums again and again, and keeps each committed state at which they did not hold. */
export class LedgerWatch {
  readonly #pool: pg.Pool;
  readonly #wrong = new Set<string>();
  #looks = 0;
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> = Promise.resolve();

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  get looks(): number {
    return this.#looks;
  }

  get wrong(): readonly string[] {
    return [...this.#wrong];
  }

  start(everyMs: number): void {
    const again = () => {
      this.#looking = this.look().finally(() => {
        if (this.#timer !== null) this.#timer = setTimeout(again, everyMs);
      });
    };
    this.#timer = setTimeout(again, everyMs);
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    await this.#looking;
  }

  /** A database that is away has no state to be judged. */
  async look(): Promise<void> {
    try {
      const { rows } = await this.#pool.query<{ run: string; entity: string }>(
        `SELECT run_id::text AS run, entity FROM exchange.ledger WHERE applied < 0
           OR read <> unchanged + pending + applied + quarantined + rejected + waiting + superseded`,
      );
      this.#looks += 1;
      for (const { run, entity } of rows) this.#wrong.add(`load ${run}: sums of ${entity}`);
    } catch {
      // Looked at again.
    }
  }
}
