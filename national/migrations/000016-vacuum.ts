import type { MigrationInterface, QueryRunner } from "typeorm";
import { fewerVacuumsSql } from "../../exchange-db/storage-settings.ts";

/** A first load only inserts: vacuum of its tables waits until it is worth its time. */
export class Vacuum1700000000016 implements MigrationInterface {
  readonly name = "Vacuum1700000000016";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(fewerVacuumsSql("registry"));
  }

  down(): Promise<void> {
    return Promise.reject(new Error("migrations only go forward"));
  }
}
