import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import type pg from "pg";
import { parse } from "yaml";
import type { ReportedEntity, VendorReport } from "../../cli/vendor-verify/report.ts";
import { type EntityName, entityNames } from "../../contracts/entity.ts";
import { interfaceTable } from "../../contracts/interface/columns.ts";
import { entityContract } from "../../contracts/registry.ts";
import { type FieldEntry, xuejiEntities } from "../../embedded/demo/registry-config.ts";
import { xuejiShape } from "../../embedded/demo/xueji-rows.ts";
import { Kit } from "../support/kit-tables.ts";
import { freshDatabase } from "../support/servers.ts";
import { testBroker } from "../support/test-broker.ts";
import { lookInto, TwoNodes } from "../support/two-nodes.ts";

const province = "51";
const students = 2500;

/**
 * A vendor whose system is a generated province with its own codes: it takes the kit, fills the tables, is told of what
 * it broke, corrects it; the load then ends as that of the connector which reads the system's own tables does, which is
 * what the checker's expected files hold.
 */
describe("the vendor's path from the kit to the nation", function () {
  this.timeout(300_000);
  let kit: Kit;
  let nodes: TwoNodes;
  let system: pg.Client;

  before(async () => {
    const database = async (role: string) => (await freshDatabase(`vendor_path_${role}`)).url;
    const urls = {
      registry: await database("registry"),
      exchange: await database("exchange"),
      national: await database("national"),
    };
    kit = await Kit.write("postgres", province);
    nodes = new TwoNodes({
      name: "vendor-kit",
      province,
      urls,
      brokers: await testBroker(),
      students,
      shape: xuejiShape,
      provinceParts: { registry: kitRegistry(kit) },
    });
    await nodes.generate();
    nodes.configure();
    await nodes.prepare();
    system = await lookInto(urls.registry);
    await system.query(kit.text("1-tables.sql"));
    for (const entity of viewed) await system.query(`DROP TABLE duijie.${interfaceTable(entity)}`);
    for (const entity of entityNames) await give(system, entity, "xueji");
  });

  after(async () => await system?.end());
  after(async () => await nodes?.close());
  after(() => kit?.remove());

  async function verified(): Promise<VendorReport> {
    const file = join(nodes.folder, "report.json");
    await nodes.province(3, "vendor", "verify", "--json", file);
    return JSON.parse(readFileSync(file, "utf8"));
  }

  it("counts of each entity what the load would park, by the truth of the generator", async () => {
    const report = await verified();
    for (const entity of report.entities) {
      const { quarantined, read } = nodes.truth.entities[entity.entity];
      expect(entity.rows, entity.entity).to.equal(read);
      const waiting = faulty(entity, ["PARENT_MISSING"]);
      expect(entity.rows - entity.soundRows - waiting, entity.entity).to.equal(sum(quarantined));
    }
  });

  it("names what the vendor broke, with the right counts, and after the correction only what was there before", async () => {
    const before = await verified();
    const broken = await breakRows(system);
    const after = await verified();
    for (const [place, added] of Object.entries(broken)) {
      const grown = countOf(after, place) - countOf(before, place);
      expect(grown, place).to.equal(added);
    }
    for (const entity of viewed) await give(system, entity, "xueji");
    const { verifiedAt: _one, ...corrected } = await verified();
    const { verifiedAt: _other, ...first } = before;
    expect(corrected).to.deep.equal(first);
  });

  it("loads to the same end as the connector, without a difference", async () => {
    await nodes.startNation();
    await nodes.province(3, "load", "run", "--accept-quarantine", "--json");
    const { differences, entities } = await nodes.check();
    expect(differences, JSON.stringify(entities)).to.equal(0);
  });
});

/** The kit's part of the configuration, with the codes and conversions of the province laid over it by its operator. */
function kitRegistry(kit: Kit): object {
  const { registry } = parse(kit.text("registry.yaml"));
  for (const entity of entityNames) {
    const fields = registry.entities[entity].fields;
    for (const [name, entry] of Object.entries(xuejiEntities[entity]?.fields ?? {}))
      fields[name] = laidOver(fields[name], entry);
  }
  return registry;
}

function laidOver(column: string, entry: FieldEntry): FieldEntry {
  if (typeof entry === "string") return column;
  return "constant" in entry ? entry : { ...entry, column };
}

/** Their keys are doubled and missing here and there, which no table with a key can hold: they are shown as views. */
const viewed: readonly EntityName[] = ["student", "guardian"];

/** What the vendor does with its own tables in `schema`: copies them by a program, or shows them by a view. */
async function give(system: pg.Client, entity: EntityName, schema: string): Promise<void> {
  const own = xuejiEntities[entity];
  if (own === undefined) return;
  const columns = entityContract(entity).fields.map(({ column, name }) => {
    const entry = own.fields[name];
    if (typeof entry === "string") return [column, entry] as const;
    return [column, entry !== undefined && "column" in entry ? entry.column : "NULL::text"] as const;
  });
  const key = own.key.map((column) => `${column}::text`).join(" || '|' || ");
  const all = [
    ["source_key", key],
    ["county", own.county ?? "NULL"],
    ["phase", own.phase ?? "NULL"],
    ...columns,
  ];
  const list = all.map(([column, from]) => `${from} AS ${column}`).join(", ");
  const select = `SELECT ${list} FROM ${(own.table ?? "").replace("xueji.", `${schema}.`)}`;
  const place = `duijie.${interfaceTable(entity)}`;
  if (!viewed.includes(entity)) {
    await system.query(`INSERT INTO ${place} (${all.map(([column]) => column).join(", ")}) ${select}`);
    return;
  }
  await system.query(`DROP VIEW IF EXISTS ${place}; CREATE VIEW ${place} AS ${select}`);
}

/** Breaks rows that nothing is wrong with, in a copy; gives what has to be found more than before, by `entity field kind rule`. */
async function breakRows(system: pg.Client): Promise<Readonly<Record<string, number>>> {
  await system.query(`CREATE SCHEMA broken;
    CREATE TABLE broken.xs_jbxx AS TABLE xueji.xs_jbxx; ALTER TABLE broken.xs_jbxx ALTER xzz TYPE text;
    CREATE TABLE broken.jz_jbxx AS TABLE xueji.jz_jbxx; ALTER TABLE broken.jz_jbxx ALTER xh TYPE text`);
  const change = async (table: string, set: string, rows: number, at: number) => {
    const { rowCount } = await system.query(
      `UPDATE broken.${table} SET ${set} WHERE ctid IN
         (SELECT ctid FROM broken.${table} WHERE xs_id IS NOT NULL AND lxdh ~ '^1' ORDER BY ctid DESC OFFSET ${at} LIMIT ${rows})`,
    );
    expect(rowCount, set).to.equal(rows);
  };
  await change("xs_jbxx", "yzbm = NULL", 7, 0);
  await change("xs_jbxx", "xzz = repeat('长', 181)", 5, 10);
  await change("xs_jbxx", "mz = 'QQ'", 4, 20);
  await change("xs_jbxx", "bj_id = 'nowhere'", 3, 30);
  await change("xs_jbxx", "lxdh = '12'", 2, 40);
  await change("jz_jbxx", "xh = 'x'", 6, 0);
  for (const entity of viewed) await give(system, entity, "broken");
  return {
    "student postalCode REQUIRED": 7,
    "student currentAddress TOO_LONG": 5,
    "student ethnicityCode CODE_UNMAPPED": 4,
    "student classId PARENT_MISSING": 3,
    "student phone RULE STUDENT_PHONE": 2,
    "guardian ordinal FORM": 6,
  };
}

function countOf({ entities }: VendorReport, place: string): number {
  const [entity, field, kind, rule] = place.split(" ");
  const column = entities.find((one) => one.entity === entity)?.columns.find((one) => one.field === field);
  return sum(
    Object.fromEntries(
      (column?.faults ?? [])
        .filter((fault) => fault.kind === kind && (rule === undefined || fault.rule === rule))
        .map((fault, at) => [String(at), fault.rows]),
    ),
  );
}

function faulty({ columns }: ReportedEntity, kinds: readonly string[]): number {
  const rows = columns.flatMap(({ faults }) =>
    faults.filter(({ kind }) => kinds.includes(kind)).map((fault) => fault.rows),
  );
  return rows.reduce((total, count) => total + count, 0);
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
