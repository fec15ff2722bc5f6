import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { stringify } from "yaml";
import { entityNames } from "../contracts/entity.ts";
import { FindingsError } from "../contracts/finding.ts";
import { entityContract } from "../contracts/registry.ts";
import { loadProvinceConfig } from "./load.ts";

describe("a configuration for loads that vendors write", () => {
  const folder = mkdtempSync(join(tmpdir(), "duijie-vendor-config-"));
  after(() => rmSync(folder, { recursive: true }));

  function loaded(registry: object) {
    const file = join(folder, "province.yaml");
    const config = {
      role: "province",
      province: "34",
      exchangeDb: { url: "postgres://localhost/exchange" },
      kafka: { brokers: ["localhost:9092"] },
      keys: {
        signing: { id: "34-1", privateKeyFile: "34.key" },
        nation: [{ id: "nation-1", publicKeyFile: "nation.pub" }],
      },
      registry: { engine: "vendor", ...registry },
    };
    writeFileSync(file, stringify(config));
    return loadProvinceConfig(file, {}).registry;
  }

  it("needs no word about tables, keys and columns", () => {
    const { connection, entities } = loaded({});
    expect(connection).to.deep.equal({ retentionDays: 30, statementTimeoutMs: 600_000 });
    expect(Object.keys(entities)).to.deep.equal(entityNames);
    for (const entity of entityNames) {
      expect(entities[entity]).to.deep.include({ key: ["source_key"], county: "county", phase: "phase" });
      const columns = entities[entity]?.fields.map(({ from }) => ("column" in from ? from.column : null));
      expect(columns).to.have.members(entityContract(entity).fields.map(({ column }) => column));
    }
  });

  it("names the fields that are not national yet, and leaves the others as they are", () => {
    const { entities } = loaded({
      entities: {
        student: {
          fields: { hukouKindCode: { codes: "hukou-kind" }, nationalityCode: { constant: "CHN" } },
        },
      },
    });
    const of = (name: string) => entities.student?.fields.find(({ field }) => field === name);
    expect(of("hukouKindCode")).to.deep.include({ from: { column: "hukou_kind_code" }, codes: "hukou-kind" });
    expect(of("nationalityCode")).to.deep.include({ from: { constant: "CHN" } });
    expect(of("birthDate")).to.deep.equal({
      field: "birthDate",
      from: { column: "birth_date" },
      convert: [],
    });
  });

  for (const [what, entity] of Object.entries({
    table: { table: "xueji.xs_jbxx" },
    query: { query: "SELECT 1" },
    key: { key: ["xs_id"] },
    county: { county: "xzqhm" },
    fields: { fields: { birthDay: "csrq" } },
  })) {
    it(`is refused where it would be ignored: ${what}`, () => {
      expect(() => loaded({ entities: { student: entity } }))
        .to.throw(FindingsError)
        .that.includes({ code: "CONFIG_INVALID" });
    });
  }
});
