import { join } from "node:path";
import { expect } from "chai";
import { loadProvinceConfig } from "../config/load.ts";
import { engineNames } from "../config/schema.ts";
import { builtInEngines, engineOf } from "../connectors/engines.ts";
import { postgresOptions } from "../connectors/postgres/engine.ts";
import { DuijieError } from "../contracts/errors.ts";
import { packageRoot } from "../contracts/package-root.ts";
import { nationalRegions } from "../contracts/regions.ts";
import { entityContract } from "../contracts/registry.ts";
import { MappingTables } from "../mappings/mapping-tables.ts";
import { createRecordMapper } from "../mappings/record-mapper.ts";
import { engineOptions, mappedSources, toSourceEntities } from "./sources.ts";

const config = loadProvinceConfig(join(packageRoot, "config", "examples", "province.yaml"), {
  DUIJIE_EXCHANGE_URL: "postgres://localhost/exchange",
  REGISTRY_URL: "postgres://reader:pw@localhost/xueji",
});

describe("sources of a configuration", () => {
  it("come parents first, each with its relation or query, key and columns", () => {
    const sources = toSourceEntities(config);
    expect(sources.map(({ entity }) => entity)).to.deep.equal([
      "school",
      "grade",
      "class",
      "student",
      "guardian",
    ]);
    expect(sources[0]).to.deep.include({
      from: { relation: "xx_jbxx" },
      key: ["xxid"],
      countyColumn: "xzqhm",
    });
    expect(sources[0]).not.to.have.any.keys("phaseColumn", "scope");
    expect(sources[4]?.from).to.have.property("query").that.includes("JOIN xs_jbxx");
  });

  it("name a column for each field that is no constant, and mappings count these columns", () => {
    for (const { source, mappings } of mappedSources(config)) {
      for (const { field, from } of mappings) {
        const column = "column" in from ? source.columns[from.column] : undefined;
        expect(column?.field).to.equal("constant" in from ? undefined : field);
      }
    }
  });

  it("are narrowed only where the entity has the column", () => {
    const scope = { counties: ["340104"], phases: ["2"] };
    const scopes = toSourceEntities(config, scope).map(({ entity, scope: own }) => [entity, own]);
    expect(scopes).to.deep.equal([
      ["school", { counties: ["340104"] }],
      ...["grade", "class", "student", "guardian"].map((entity) => [entity, scope]),
    ]);
  });

  it("fit the record mapper", () => {
    const [school] = mappedSources(config);
    if (school === undefined) throw new Error("no school");
    const tables = new MappingTables("1", [{ table: "school", sourceCode: "A1", targetCode: "2134000001" }]);
    const contract = entityContract("school");
    const map = createRecordMapper(contract, school.mappings, tables, nationalRegions());
    const row = school.source.columns.map(({ field }) => (field === "schoolId" ? "A1" : null));
    const { values, findings } = map(row);
    expect(findings).to.deep.equal([]);
    expect(values[contract.indexOf("schoolId")]).to.equal("2134000001");
  });
});

describe("options of the engine", () => {
  it("hold revealed secrets and the shared limit of reads", () => {
    expect(postgresOptions(engineOptions(config.registry))).to.deep.include({
      url: "postgres://reader:pw@localhost/xueji",
      charset: "auto",
      concurrentReads: 2,
      tls: false,
    });
  });

  it("are taken by an engine for each folder that brings a schema", () => {
    expect([...builtInEngines].toSorted()).to.deep.equal(engineNames());
    expect(() => engineOf("access"))
      .to.throw(DuijieError)
      .that.includes({ code: "CONFIG_INVALID" });
  });
});
