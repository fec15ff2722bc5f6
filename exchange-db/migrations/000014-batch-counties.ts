import type { MigrationInterface, QueryRunner } from "typeorm";

/** What of a batch belongs to which county: the lag in pupils per county is then a sum over open batches. */
export class BatchCounties1700000000014 implements MigrationInterface {
  readonly name = "BatchCounties1700000000014";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(sql);
  }

  down(): Promise<void> {
    return Promise.reject(new Error("migrations only go forward"));
  }
}

const sql = `
ALTER TABLE exchange.batch ADD COLUMN county_counts jsonb NOT NULL DEFAULT '{}';
COMMENT ON COLUMN exchange.batch.county_counts IS '上行记录按区县(源数据原值)的条数,无区县者记在空串下;空对象为此列出现之前的批次';
`;
