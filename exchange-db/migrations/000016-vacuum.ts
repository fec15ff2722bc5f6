import type { MigrationInterface, QueryRunner } from "typeorm";
import { fewerVacuumsSql } from "../storage-settings.ts";

/** A first load only inserts: vacuum and statistics of its tables wait until they are worth their time. */
export class Vacuum1700000000016 implements MigrationInterface {
  readonly name = "Vacuum1700000000016";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(fewerVacuumsSql("staging"));
    await runner.query(noStatistics);
  }

  down(): Promise<void> {
    return Promise.reject(new Error("migrations only go forward"));
  }
}

/** Raw text that no statement of ours compares: to analyse a table is then to look at its bookkeeping alone. */
const noStatistics = `
DO $$
DECLARE one record;
BEGIN
  FOR one IN
    SELECT c.oid::regclass AS relation, a.attname AS name
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'staging'
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_attribute last ON last.attrelid = c.oid AND last.attname = 'county'
    WHERE c.relkind = 'r' AND c.relname NOT LIKE 'load%' AND a.attnum > last.attnum
  LOOP
    EXECUTE format('ALTER TABLE %s ALTER COLUMN %I SET STATISTICS 0', one.relation, one.name);
  END LOOP;
END $$`;
