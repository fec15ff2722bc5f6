import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { BirthLedger } from "./birth-ledger.ts";
import { Canaries } from "./canaries.ts";
import { CopyTarget } from "./copy-target.ts";
import { CsvTarget } from "./csv-target.ts";
import { DefectSchedule, defectsPerKind } from "./defects.ts";
import { fileEntities } from "./demo-sources.ts";
import { type ProvincePlan, planProvince } from "./province-plan.ts";
import type { RegistryShape } from "./registry-shape.ts";
import type { DatabaseRegistry, RegistryFiles, RegistryTarget, RowTarget } from "./registry-target.ts";
import { regionTruth } from "./school-records.ts";
import { SchoolWriter } from "./school-writer.ts";
import { csvText } from "./text-files.ts";
import { type TruthFile, TruthRecorder } from "./truth.ts";
import { schoolTable } from "./xueji-codes.ts";
import { xuejiShape } from "./xueji-rows.ts";

export type GenerateOptions = RegistryTarget & ProvinceOptions;

export interface ProvinceOptions {
  /** Gets truth.json, canaries.json, registry.json, expected/, mappings/ and ministry-schools.csv. */
  readonly folder: string;
  /** Any text; the same seed, province and size give the same bytes. */
  readonly seed: string;
  readonly students: number;
  /** First two digits of the region codes; Anhui where left out. */
  readonly province?: string;
  readonly shape?: RegistryShape;
  readonly signal?: AbortSignal;
}

/**
 * Writes a whole invented province: its legacy registry into a database or into files, and beside it, before anything is loaded,
 * what the nation must hold in the end. Memory does not grow with the pupils: they are made class by class.
 */
export async function generateProvince(options: GenerateOptions): Promise<TruthFile> {
  const { folder, seed, students, province = "34", shape = xuejiShape } = options;
  const plan = planProvince({ seed, province, students });
  mkdirSync(folder, { recursive: true });
  const truth = new TruthRecorder(folder);
  const canaries = new Canaries();
  const fillAll = async (targets: Targets): Promise<void> => {
    const write = (table: string, values: readonly (string | null)[]): void =>
      targets.table(table).row(values);
    for (const region of plan.regions.regions) {
      shape.rows.region(region, write);
      truth.applied("region", region.code, regionTruth(region));
    }
    const perKind = defectsPerKind(students);
    const writer = new SchoolWriter({
      plan,
      shape,
      write,
      truth,
      canaries,
      births: new BirthLedger(),
      pupilDefects: new DefectSchedule(shape.pupilDefects, perKind, plan.soundPupils, 0.5),
      guardianDefects: new DefectSchedule(shape.guardianDefects, perKind, plan.soundPupils, 0.2),
    });
    for (const school of plan.schools) {
      for (const _class of writer.classes(school)) {
        options.signal?.throwIfAborted();
        await targets.drain();
      }
    }
  };
  if ("files" in options) await withFiles(options.files, shape, fillAll);
  else if ("openDatabase" in options) await withDatabase(options.openDatabase, shape, fillAll);
  else await withTargets(options.registryUrl, shape, fillAll);
  writeMappings(folder, plan, shape);
  writeMinistrySchools(folder, plan);
  canaries.write(folder);
  const entities = "files" in options ? fileEntities(shape.entities) : shape.entities;
  writeFileSync(join(folder, "registry.json"), `${JSON.stringify(entities, null, 2)}\n`);
  return truth.close({ seed, province, students });
}

class Targets {
  readonly #targets: ReadonlyMap<string, RowTarget>;

  constructor(targets: ReadonlyMap<string, RowTarget>) {
    this.#targets = targets;
  }

  table(name: string): RowTarget {
    const target = this.#targets.get(name);
    if (target === undefined) throw new RangeError(`no table ${name}`);
    return target;
  }

  async drain(): Promise<void> {
    for (const target of this.#targets.values()) await target.drain();
  }

  async end(): Promise<void> {
    for (const target of this.#targets.values()) await target.end();
  }
}

async function withFiles(
  files: RegistryFiles,
  shape: RegistryShape,
  fill: (targets: Targets) => Promise<void>,
): Promise<void> {
  rmSync(files.folder, { recursive: true, force: true });
  mkdirSync(files.folder, { recursive: true });
  const targets = new Map<string, RowTarget>(
    shape.tables.map(({ name, columns }) => [name, new CsvTarget(files, name, columns)]),
  );
  const all = new Targets(targets);
  await fill(all);
  await all.end();
}

async function withDatabase(
  open: () => Promise<DatabaseRegistry>,
  shape: RegistryShape,
  fill: (targets: Targets) => Promise<void>,
): Promise<void> {
  const database = await open();
  try {
    await database.create(shape);
    const targets = shape.tables.map(({ name, columns }) => [name, database.table(name, columns)] as const);
    const all = new Targets(new Map(targets));
    await fill(all);
    await all.end();
    await database.finish(shape);
  } finally {
    await database.close();
  }
}

/** One connection per table, since a COPY takes its connection whole. */
async function withTargets(
  url: string,
  shape: RegistryShape,
  fill: (targets: Targets) => Promise<void>,
): Promise<void> {
  const clients: pg.Client[] = [];
  const connect = async (): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString: url, application_name: "duijie demo" });
    // Met by the statement under way; without a listener it would end the process.
    client.on("error", () => undefined);
    clients.push(client);
    await client.connect();
    return client;
  };
  try {
    const control = await connect();
    for (const statement of shape.ddl) await control.query(statement);
    const targets = new Map<string, CopyTarget>();
    for (const { name, columns } of shape.tables) {
      targets.set(name, new CopyTarget(await connect(), `${shape.schema}.${name}`, columns));
    }
    const all = new Targets(targets);
    await fill(all);
    await all.end();
    for (const statement of shape.afterwards) await control.query(statement);
  } finally {
    await Promise.all(clients.map((client) => client.end().catch(() => undefined)));
  }
}

/** The province's own tables, as an operator would prepare them: `source_code,target_code,note`. */
function writeMappings(folder: string, plan: ProvincePlan, shape: RegistryShape): void {
  mkdirSync(join(folder, "mappings"), { recursive: true });
  const schools = plan.schools
    .filter((school) => school.fate !== "unmapped")
    .map((school) => [shape.keys.key("school", school.number, school.isMerged), school.schoolId] as const);
  for (const [name, pairs] of Object.entries({ ...shape.codes, [schoolTable]: schools })) {
    const lines = pairs.map(([source, target, note = ""]) => [source, target, note].map(csvText).join(","));
    const text = ["source_code,target_code,note", ...lines].join("\n");
    writeFileSync(join(folder, "mappings", `${name}.csv`), `${text}\n`);
  }
}

/** The ministry's institutions: without the ids it does not have, and with some that the province does not know. */
function writeMinistrySchools(folder: string, plan: ProvincePlan): void {
  const header = "school_id,name,school_type_code,region_code,managing_authority_code";
  const lines = plan.schools
    .filter((school) => school.fate !== "unknown")
    .map(({ schoolId, name, typeCode, county }) => [schoolId, name, typeCode, county.code12, county.code12]);
  const surplus = plan.schools
    .filter((_, index) => index % 40 === 0)
    .map(({ county }, index) => [
      `21${plan.province}${900_001 + index}`,
      `只在部里登记的第${index + 1}小学`,
      "211",
      county.code12,
      county.code12,
    ]);
  const text = [header, ...[...lines, ...surplus].map((line) => line.map(csvText).join(","))].join("\n");
  writeFileSync(join(folder, "ministry-schools.csv"), `${text}\n`);
}
