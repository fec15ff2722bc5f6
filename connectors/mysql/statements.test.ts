import { expect } from "chai";
import { DuijieError } from "../../contracts/errors.ts";
import type { KeyRange, SourceEntity } from "../connector.ts";
import type { ColumnKind } from "./column-kind.ts";
import type { ShapeColumn } from "./source-shape.ts";
import {
  countStatement,
  nextKeyStatement,
  nullKeysStatement,
  readStatement,
  rowHash,
  type StatementContext,
} from "./statements.ts";

const columns: readonly [name: string, kind: ColumnKind, charset?: string, type?: number][] = [
  ["id", "text", "utf8mb4"],
  ["no", "integer"],
  ["born", "date"],
  ["county", "text", "gbk"],
  ["old", "text", "latin1"],
  ["wide", "text", "utf16"],
  ["rate", "float"],
  ["sex", "enum", "utf8mb4"],
  ["note", "text", "utf8mb3", 0xfc],
  ["odd`name", "text", "utf8mb4"],
];

function contextOf(
  more: Partial<SourceEntity> = {},
  declared: StatementContext["declared"] = "gbk",
): StatementContext {
  const shape = columns.map(([name, kind, charset = "", type = 0xfd]): [string, ShapeColumn] => [
    name,
    {
      name,
      kind,
      charset,
      collation: `${charset}_some_ci`,
      type,
      collationId: 1,
      length: 9,
      decimals: 0,
      flags: 0,
      extendedType: "",
    },
  ]);
  const source: SourceEntity = {
    entity: "student",
    from: { relation: "xj.pupil" },
    key: ["id"],
    columns: columns.map(([column]) => ({ field: column, column })),
    countyColumn: "county",
    ...more,
  };
  return { source, shape: { from: "`xj`.`pupil`", columns: new Map(shape) }, declared };
}

const whole: KeyRange = { lower: null, upper: null, nullKeys: false };
const conditionOf = (statement: string) => statement.slice(statement.indexOf(" WHERE ") + 7);

describe("statements over a source on MySQL", () => {
  it("bind bounds as hex with the column's own charset and collation", () => {
    const range = { lower: ["a'b\\"], upper: ["王"], nullKeys: false };
    expect(conditionOf(readStatement(contextOf(), range))).to.equal(
      "`id` IS NOT NULL AND `id` >= _utf8mb4 X'6127625c' COLLATE utf8mb4_some_ci" +
        " AND `id` < _utf8mb4 X'e78e8b' COLLATE utf8mb4_some_ci AND TRUE",
    );
  });

  it("compare a key of several columns column by column, the first by itself, for its index", () => {
    const range = { lower: ["a", "1"], upper: null, nullKeys: false };
    const a = "_utf8mb4 X'61' COLLATE utf8mb4_some_ci";
    expect(conditionOf(readStatement(contextOf({ key: ["id", "no"] }), range))).to.equal(
      `\`id\` IS NOT NULL AND \`no\` IS NOT NULL AND \`id\` >= ${a} AND ((\`id\` > ${a}) OR (\`id\` = ${a} AND \`no\` >= 1)) AND TRUE`,
    );
  });

  it("ask for NULL by <=>, for IS NULL is true of a zero date", () => {
    expect(conditionOf(nullKeysStatement(contextOf({ key: ["born", "id"] })))).to.equal(
      "(`born` <=> NULL OR `id` <=> NULL)",
    );
  });

  it("carry bounds of text that is no Unicode as its bytes", () => {
    const context = contextOf({ key: ["county"], scope: { counties: ["王"] } });
    expect(conditionOf(readStatement(context, { ...whole, lower: ["cdf5"] }))).to.equal(
      "`county` IS NOT NULL AND `county` >= _gbk X'cdf5' COLLATE gbk_some_ci AND `county` IN (_gbk X'cdf5' COLLATE gbk_some_ci)",
    );
  });

  it("let the server convert what is Unicode in another form, and only that", () => {
    const statement = readStatement(contextOf(), whole);
    expect(statement).to.include("CONVERT(`wide` USING utf8mb4)");
    expect(statement.split("CONVERT(")).to.have.length(2);
    expect(conditionOf(readStatement(contextOf({ key: ["wide"] }), { ...whole, upper: ["王"] }))).to.include(
      "`wide` < CONVERT(_utf8mb4 X'e78e8b' USING utf16) COLLATE utf16_some_ci",
    );
  });

  it("order and compare an ENUM by its number, and a FLOAT as the double that it is", () => {
    const context = contextOf({ key: ["sex", "rate"] });
    expect(nextKeyStatement(context, ["2", "0.5"], 9)).to.include(
      "(`sex` + 0) >= 2 AND (((`sex` + 0) > 2) OR ((`sex` + 0) = 2 AND (`rate` + 0e0) > 0.5e0)) ORDER BY (`sex` + 0), (`rate` + 0e0) LIMIT 1 OFFSET 9",
    );
  });

  it("digest each column as length and bytes, and text of any length as a digest of its own", () => {
    const hash = rowHash(
      contextOf({
        columns: [
          { field: "a", column: "no" },
          { field: "b", column: "note" },
        ],
        key: ["no"],
      }),
    );
    expect(hash).to.include("IFNULL(CONCAT(LENGTH(CAST(`no` AS BINARY)), ':', CAST(`no` AS BINARY)), '-')");
    expect(hash).to.include("IFNULL(CAST(MD5(`note`) AS BINARY), '-')");
  });

  it("quote names whatever stands in them", () => {
    expect(readStatement(contextOf(), whole)).to.include("`odd``name`");
  });

  it("refuse a column of latin1 whose bytes nobody declared", () => {
    const undeclared = () =>
      conditionOf(readStatement(contextOf({ key: ["old"] }, "auto"), { ...whole, lower: ["61"] }));
    expect(undeclared).to.throw(DuijieError).that.includes({ code: "SOURCE_CHARSET_WRONG" });
  });

  it("refuse a scope without its column, an empty one, one that the charset lacks, and bounds of another key or type", () => {
    const cases = [
      () => countStatement(contextOf({ scope: { phases: ["1"] } })),
      () => countStatement(contextOf({ scope: { counties: [] } })),
      () => countStatement(contextOf({ scope: { counties: ["𠮷"] } })),
    ];
    for (const each of cases) expect(each).to.throw(DuijieError).that.includes({ code: "CONFIG_INVALID" });
    const changed = [
      () => readStatement(contextOf(), { ...whole, lower: ["a", "b"] }),
      () => readStatement(contextOf({ key: ["no"] }), { ...whole, lower: ["1 OR 1=1"] }),
      () => readStatement(contextOf({ key: ["born"] }), { ...whole, lower: ["2010-09-01' OR '"] }),
    ];
    for (const each of changed) expect(each).to.throw(DuijieError).that.includes({ code: "SOURCE_CHANGED" });
  });
});
