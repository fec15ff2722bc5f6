import { expect } from "chai";
import { codeTable } from "../codes.ts";
import { entityNames } from "../entity.ts";
import { entityContract, profile, recordValidator } from "../registry.ts";
import { interfaceColumns, interfaceEngines, interfaceTable } from "./columns.ts";
import { exampleRows } from "./example-rows.ts";
import {
  dialectOf,
  exampleScript,
  grantsScript,
  interfaceRelation,
  tablesScript,
  viewsScript,
} from "./scripts.ts";

const options = (engine: (typeof interfaceEngines)[number]) => ({
  engine,
  profile: "national-2013",
  head: ["head"],
});

const region = interfaceRelation("region", "national-2013");

/** Three columns stand for all: the key, one that is looked up, one whose name Oracle keeps for itself. */
const few = {
  ...region,
  columns: region.columns.filter(({ name }) => ["source_key", "name_zh", "level"].includes(name)),
  indexed: ["name_zh"],
};

const commentsOf = {
  table: "学籍对接接口：行政区划（一行一条）",
  key: "主键；必填；永远不变、不重用、不重复，不要用证件号码",
  name: "区划名称；必填；最长 60 个字符",
  level: "区划级别（整数）；必填；最长 1 个字符",
};

describe("scripts of the interface tables", () => {
  it("of Oracle are these, word by word", () => {
    const oracle = dialectOf("oracle");
    expect(oracle.table(few)).to.deep.equal([
      "CREATE TABLE duijie.dj_region (",
      "  source_key VARCHAR2(200 CHAR) NOT NULL,",
      "  name_zh NVARCHAR2(120),",
      '  "LEVEL" VARCHAR2(32 CHAR),',
      "  CONSTRAINT dj_region_pk PRIMARY KEY (source_key)",
      ");",
      `COMMENT ON TABLE duijie.dj_region IS '${commentsOf.table}';`,
      `COMMENT ON COLUMN duijie.dj_region.source_key IS '${commentsOf.key}';`,
      `COMMENT ON COLUMN duijie.dj_region.name_zh IS '${commentsOf.name}';`,
      `COMMENT ON COLUMN duijie.dj_region."LEVEL" IS '${commentsOf.level}';`,
      "CREATE INDEX duijie.dj_region_name_zh_ix ON duijie.dj_region (name_zh);",
    ]);
    expect(oracle.view(few)).to.deep.equal([
      "CREATE OR REPLACE VIEW duijie.dj_region AS",
      "SELECT",
      `  CAST(NULL AS VARCHAR2(200 CHAR)) AS source_key, -- ${commentsOf.key}`,
      `  CAST(NULL AS NVARCHAR2(120)) AS name_zh, -- ${commentsOf.name}`,
      `  CAST(NULL AS VARCHAR2(32 CHAR)) AS "LEVEL" -- ${commentsOf.level}`,
      "FROM DUAL",
      "WHERE 1 = 0;",
      `COMMENT ON TABLE duijie.dj_region IS '${commentsOf.table}';`,
      `COMMENT ON COLUMN duijie.dj_region.source_key IS '${commentsOf.key}';`,
      `COMMENT ON COLUMN duijie.dj_region.name_zh IS '${commentsOf.name}';`,
      `COMMENT ON COLUMN duijie.dj_region."LEVEL" IS '${commentsOf.level}';`,
    ]);
    expect(oracle.insert(few, ["source_key", "name_zh", "level"], ["1", "城'区", null])).to.equal(
      "INSERT INTO duijie.dj_region (source_key, name_zh, \"LEVEL\")\nVALUES ('1', N'城''区', NULL);",
    );
    expect(oracle.grants([few], "duijie", "duijie_reader")).to.deep.equal([
      '-- CREATE USER duijie_reader IDENTIFIED BY "********";',
      "GRANT CREATE SESSION TO duijie_reader;",
      "GRANT SELECT ON duijie.dj_region TO duijie_reader;",
    ]);
  });

  it("of SQL Server are these, word by word", () => {
    const mssql = dialectOf("mssql");
    const described = (kind: string) => {
      const place = `N'SCHEMA', N'duijie', N'${kind}', N'dj_region'`;
      const line = (text: string, rest = "") =>
        `EXEC sys.sp_addextendedproperty N'MS_Description', N'${text}', ${place}${rest};`;
      return [
        line(commentsOf.table),
        line(commentsOf.key, ", N'COLUMN', N'source_key'"),
        line(commentsOf.name, ", N'COLUMN', N'name_zh'"),
        line(commentsOf.level, ", N'COLUMN', N'level'"),
      ];
    };
    expect(mssql.table(few)).to.deep.equal([
      "CREATE TABLE duijie.dj_region (",
      "  source_key nvarchar(200) COLLATE Latin1_General_BIN2 NOT NULL,",
      "  name_zh nvarchar(120),",
      "  level nvarchar(32),",
      "  CONSTRAINT dj_region_pk PRIMARY KEY (source_key)",
      ");",
      "CREATE INDEX dj_region_name_zh_ix ON duijie.dj_region (name_zh);",
      "GO",
      ...described("TABLE"),
      "GO",
    ]);
    expect(mssql.view(few)).to.deep.equal([
      "CREATE VIEW duijie.dj_region AS",
      "SELECT",
      `  CAST(NULL AS nvarchar(200)) AS source_key, -- ${commentsOf.key}`,
      `  CAST(NULL AS nvarchar(120)) AS name_zh, -- ${commentsOf.name}`,
      `  CAST(NULL AS nvarchar(32)) AS level -- ${commentsOf.level}`,
      "FROM (SELECT 1 AS nothing) AS source",
      "WHERE 1 = 0;",
      "GO",
      ...described("VIEW"),
      "GO",
    ]);
    expect(mssql.opening("duijie")).to.deep.equal([
      "IF SCHEMA_ID(N'duijie') IS NULL EXEC (N'CREATE SCHEMA duijie');",
      "GO",
    ]);
    expect(mssql.insert(few, ["source_key", "name_zh"], ["1", "城'区"])).to.equal(
      "INSERT INTO duijie.dj_region (source_key, name_zh)\nVALUES (N'1', N'城''区');",
    );
    expect(mssql.grants([few], "duijie", "duijie_reader")).to.deep.equal([
      "-- CREATE LOGIN duijie_reader WITH PASSWORD = N'********';",
      "IF DATABASE_PRINCIPAL_ID(N'duijie_reader') IS NULL CREATE USER duijie_reader FOR LOGIN duijie_reader;",
      "GRANT SELECT ON duijie.dj_region TO duijie_reader;",
      "GO",
    ]);
  });

  it("of MySQL are these, word by word", () => {
    const mysql = dialectOf("mysql");
    expect(mysql.table(few)).to.deep.equal([
      "CREATE TABLE duijie.dj_region (",
      `  source_key varchar(200) NOT NULL COMMENT '${commentsOf.key}',`,
      `  name_zh varchar(120) COMMENT '${commentsOf.name}',`,
      `  level varchar(32) COMMENT '${commentsOf.level}',`,
      "  KEY dj_region_name_zh_ix (name_zh),",
      "  PRIMARY KEY (source_key)",
      `) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT='${commentsOf.table}';`,
    ]);
    expect(mysql.view(few).slice(2)).to.deep.equal([
      `  CAST(NULL AS CHAR(200)) AS source_key, -- ${commentsOf.key}`,
      `  CAST(NULL AS CHAR(120)) AS name_zh, -- ${commentsOf.name}`,
      `  CAST(NULL AS CHAR(32)) AS level -- ${commentsOf.level}`,
      "FROM DUAL",
      "WHERE 1 = 0;",
    ]);
    expect(mysql.literal("C:\\a'b")).to.equal("'C:\\\\a''b'");
  });

  for (const engine of interfaceEngines) {
    it(`of ${engine} have each contract column once, in order, in tables and in views`, () => {
      const dialect = dialectOf(engine);
      const [tables, views] = [tablesScript(options(engine)), viewsScript(options(engine))];
      for (const entity of entityNames) {
        const { fields } = entityContract(entity);
        const expected = ["source_key", "county", "phase", ...fields.map(({ column }) => column)];
        const relation = interfaceRelation(entity, "national-2013");
        expect(relation.columns.map(({ name }) => name)).to.deep.equal(expected);
        expect(tables).to.include(dialect.table(relation).join("\n"));
        expect(views).to.include(dialect.view(relation).join("\n"));
      }
    });

    it(`of ${engine} use no name longer than thirty bytes, which Oracle 11g does not take`, () => {
      const all = [
        tablesScript(options(engine)),
        viewsScript(options(engine)),
        grantsScript(options(engine), "r"),
      ];
      const names = all.flatMap(
        (text) => text.replaceAll(/'(?:[^']|'')*'|--.*$/gm, "").match(/[a-z_0-9]+/gi) ?? [],
      );
      expect(names.filter((name) => name.length > 30)).to.deep.equal([]);
    });

    it(`of ${engine} are the same each time`, () => {
      expect(tablesScript(options(engine))).to.equal(tablesScript(options(engine)));
      expect(exampleScript(options(engine), "34")).to.equal(exampleScript(options(engine), "34"));
    });
  }

  it("give every column room for more than the contract allows, so that what is too long can be shown", () => {
    for (const entity of entityNames) {
      for (const { field, room } of interfaceColumns(entity, [])) {
        if (field?.maxLength !== undefined) expect(room, field.name).to.be.at.least(field.maxLength);
        if (field?.maxLength !== undefined && field.type !== "ref")
          expect(room, field.name).to.be.above(field.maxLength);
      }
    }
  });

  it("fit a row into what MySQL allows one to take, four bytes a character", () => {
    for (const entity of entityNames) {
      const bytes = interfaceColumns(entity, []).reduce((sum, { room }) => sum + room * 4 + 2, 0);
      expect(bytes, interfaceTable(entity)).to.be.below(65_535);
    }
  });
});

describe("the example of the kit", () => {
  const counties = codeTable("region")
    .rows.map((row) => row["code"] ?? "")
    .filter((code) => !code.endsWith("00"));
  const provinces = [...new Set(counties.map((code) => code.slice(0, 2)))];

  it("keeps contract and profile in every province, without a warning", () => {
    expect(provinces).to.have.length.above(30);
    for (const province of provinces) {
      const rows = exampleRows(province);
      for (const entity of entityNames) {
        const { fields } = entityContract(entity);
        const validate = recordValidator(entity, "national-2013", { today: "20260901" });
        for (const row of rows[entity]) {
          const found = validate(fields.map(({ name }) => row[name] ?? null));
          expect(found, `${province} ${entity} ${row["key"]}`).to.deep.equal({ errors: [], warnings: [] });
        }
      }
    }
  });

  it("has every parent that its rows name, and each key once", () => {
    const rows = exampleRows("34");
    for (const entity of entityNames) {
      const keys = rows[entity].map((row) => row["key"]);
      expect(new Set(keys).size).to.equal(keys.length);
      for (const { entity: parent, field } of entityContract(entity).parents) {
        const identifier = entityContract(parent).identifier ?? "key";
        const known = rows[parent].map((row) => row[identifier]);
        for (const row of rows[entity]) expect(known, `${entity}.${field}`).to.include(row[field]);
      }
    }
  });

  it("names no field that a contract does not have, and fills what is required", () => {
    const rows = exampleRows("34");
    for (const entity of entityNames) {
      const names = ["key", "county", "phase", ...entityContract(entity).fields.map(({ name }) => name)];
      for (const row of rows[entity]) expect(names).to.include.members(Object.keys(row));
      for (const field of profile("national-2013").required[entity])
        expect(
          rows[entity].every((row) => row[field] !== undefined),
          `${entity}.${field}`,
        ).to.equal(true);
    }
  });
});
