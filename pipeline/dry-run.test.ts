import { expect } from "chai";
import type { Connector, KeyRange, SourceEntity, SourceRow } from "../connectors/connector.ts";
import { entityContract } from "../contracts/registry.ts";
import { MappingTables } from "../mappings/mapping-tables.ts";
import { type DryRunOptions, dryRun, type FailingRow } from "./dry-run.ts";
import { entityPlan } from "./entity-plan.ts";

const contract = entityContract("campus");
const source: SourceEntity = {
  entity: "campus",
  from: { relation: "campus" },
  key: ["id"],
  columns: contract.fields.map((field) => ({ field: field.name, column: field.column })),
  countyColumn: "county",
};
const mappings = contract.fields.map((field, column) => ({
  field: field.name,
  from: { column },
  convert: [],
  ...(field.name === "schoolId" ? { codes: "school" } : {}),
}));
const plan = entityPlan(source, mappings, contract.version);
const sound: Readonly<Record<string, string>> = { schoolId: "A", campusNo: "1", name: "东校区" };

function row(key: string | null, more: Readonly<Record<string, string | null>> = {}): SourceRow {
  const values = contract.fields.map(({ name }) => ({ ...sound, ...more })[name] ?? null);
  return { key, hash: key ?? "", county: "340102", values };
}

const open: KeyRange = { lower: null, upper: null, nullKeys: false };

/** Ranges held in memory; any other question fails, as a dry run must not ask it. */
function connectorOf(ranges: readonly (readonly SourceRow[])[]): Connector {
  const keys = ranges.map((_, at) => ({ ...open, lower: [String(at)] }));
  const refused = () => Promise.reject(new Error("not asked by a dry run"));
  return {
    engine: "memory",
    capabilities: {
      snapshot: true,
      hashRange: false,
      emptyText: true,
      queries: true,
      readOnly: true,
      changes: false,
    },
    planRanges: () => Promise.resolve(keys),
    async *readRange(_source, range) {
      yield await Promise.resolve(ranges[Number(range.lower?.[0])] ?? []);
    },
    check: refused,
    count: refused,
    counties: refused,
    hashRange: refused,
    close: refused,
  };
}

async function run(ranges: readonly (readonly SourceRow[])[], readers = 1) {
  const failing: FailingRow[] = [];
  const options: DryRunOptions = {
    connector: connectorOf(ranges),
    limits: { pageRows: 10 },
    tables: new MappingTables("1", [{ table: "school", sourceCode: "A", targetCode: "2134000001" }]),
    profile: "national-2013",
    today: "20260901",
    chunkRows: 10,
    readers,
    found: (rows) => failing.push(...rows),
  };
  return { tally: await dryRun(options, plan, new AbortController().signal), failing };
}

describe("dry run", () => {
  it("counts what would pass and what would be parked, each row once by its first finding", async () => {
    const { failing, tally } = await run([
      [row("1"), row("2", { schoolId: "B" })],
      [row("3", { schoolId: "B", name: null })],
      [row("4", { name: null })],
    ]);
    expect(tally).to.deep.include({ ranges: 3, rangesRead: 3, read: 4, wouldPass: 1, wouldPark: 3 });
    expect(tally.byCode).to.deep.equal({ MAPPING_MISSING: 2, CONTRACT_VIOLATION: 1 });
    expect(failing.map(({ key }) => key)).to.have.members(["2", "3", "4"]);
  });

  it("names the school in the registry's own code, and the value that has no mapping", async () => {
    const { failing } = await run([[row("2", { schoolId: "B" })]]);
    expect(failing).to.deep.equal([
      {
        entity: "campus",
        key: "2",
        county: "340102",
        school: "B",
        findings: [{ code: "MAPPING_MISSING", field: "schoolId", rule: "school", value: "B" }],
      },
    ]);
  });

  it("finds doubled and missing keys, as a load would", async () => {
    const { failing, tally } = await run([[row("1"), row("1"), row(null), row("2")]]);
    expect(tally).to.deep.include({ read: 4, wouldPass: 1, wouldPark: 3 });
    expect(tally.byCode).to.deep.equal({ KEY_DUPLICATE: 2, KEY_MISSING: 1 });
    expect(failing.map(({ school }) => school)).to.deep.equal(["A", "A", "A"]);
  });

  it("comes to the same with several readers", async () => {
    const ranges = Array.from({ length: 20 }, (_, at) => [row(`${at}`), row(`x${at}`, { schoolId: "B" })]);
    const { failing, tally } = await run(ranges, 4);
    expect(tally).to.deep.include({ ranges: 20, rangesRead: 20, read: 40, wouldPass: 20, wouldPark: 20 });
    expect(failing).to.have.length(20);
  });
});
