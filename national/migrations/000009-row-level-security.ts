import type { MigrationInterface, QueryRunner } from "typeorm";
import { rowSecuritySql } from "../../exchange-db/row-security.ts";

/** Roles of the national database see the provinces that they are bound to; the node's own is bound to all. */
export class RowLevelSecurity1700000000009 implements MigrationInterface {
  readonly name = "RowLevelSecurity1700000000009";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(columns);
    await runner.query(
      rowSecuritySql({ home: "national", schemas: ["national", "ministry", "registry"], isForAll: true }),
    );
  }

  down(): Promise<void> {
    return Promise.reject(new Error("migrations only go forward"));
  }
}

const columns = ["national.consumer_position", "national.refusal"]
  .map(
    (table) => `
ALTER TABLE ${table} ADD COLUMN province text GENERATED ALWAYS AS (split_part(topic, '.', 2)) STORED;
COMMENT ON COLUMN ${table}.province IS '省份代码(两位),取自主题名';`,
  )
  .join("\n");
