import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type pg from "pg";
import { type EntityName, entityNames } from "../../contracts/entity.ts";
import { type InterfaceEngine, interfaceTable } from "../../contracts/interface/columns.ts";
import { entityContract } from "../../contracts/registry.ts";
import { runCli } from "./run-cli.ts";
import type { Row } from "./small-province.ts";

/** A kit as the command writes it, in a folder of its own. */
export class Kit {
  readonly folder: string;

  static async write(engine: InterfaceEngine, province: string): Promise<Kit> {
    const kit = new Kit();
    const { err, exitCode } = await runCli([
      "vendor",
      "kit",
      "--engine",
      engine,
      "--province",
      province,
      "--out",
      kit.folder,
    ]);
    if (exitCode !== 0) throw new Error(err);
    return kit;
  }

  private constructor() {
    this.folder = mkdtempSync(join(tmpdir(), "duijie-kit-"));
  }

  text(name: string): string {
    return readFileSync(join(this.folder, name), "utf8");
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** What a vendor's program does: rows by field name into the kit's tables, on PostgreSQL. */
export async function fillKitTables(
  client: pg.Client,
  rows: Readonly<Partial<Record<EntityName, readonly Row[]>>>,
): Promise<void> {
  for (const entity of entityNames) {
    const { fields } = entityContract(entity);
    const columns = ["source_key", "county", ...fields.map(({ column }) => column)];
    const values = (rows[entity] ?? []).map((row) => [
      row["key"] ?? null,
      row["county"] ?? "340102",
      ...fields.map(({ name }) => row[name] ?? null),
    ]);
    await client.query(
      `INSERT INTO duijie.${interfaceTable(entity)} (${columns.join(", ")})
       SELECT ${columns.map((_, at) => `r ->> ${at}`).join(", ")} FROM jsonb_array_elements($1::jsonb) AS r`,
      [JSON.stringify(values)],
    );
  }
}
