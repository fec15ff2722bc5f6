import { expect } from "chai";
import { DuijieError } from "../../contracts/errors.ts";
import type { SourceEntity } from "../connector.ts";
import type { ServerCharset } from "./server-charset.ts";
import {
  boundariesStatement,
  countStatement,
  rangeQuery,
  readStatement,
  rowHash,
  type StatementContext,
} from "./statements.ts";

const unicode: ServerCharset = { charset: "utf8", serverEncoding: "UTF8", isUnicode: true };
const bytes: ServerCharset = { charset: "gbk", serverEncoding: "SQL_ASCII", isUnicode: false };

const columnTypes = [
  ["id", 1043, "character varying(32)"],
  ["no", 23, "integer"],
  ["born", 1082, "date"],
  ["boards", 16, "boolean"],
  ["county", 1042, "character(6)"],
  ["distance", 1700, "numeric(4,1)"],
  ["photo", 17, "bytea"],
  ['odd"name', 25, "text"],
] as const;

function contextOf(
  more: Partial<SourceEntity> = {},
  charset = unicode,
  versionNumber = 150_000,
): StatementContext {
  const columns = columnTypes.map(
    ([name, typeId, type]) => [name, { name, typeId, typeModifier: -1, type }] as const,
  );
  const source: SourceEntity = {
    entity: "student",
    from: { relation: "xj.pupil" },
    key: ["id"],
    columns: columnTypes.map(([column]) => ({ field: column, column })),
    countyColumn: "county",
    ...more,
  };
  return { source, shape: { from: '"xj"."pupil"', columns: new Map(columns) }, charset, versionNumber };
}

const conditionOf = (statement: string) => statement.slice(statement.indexOf(" WHERE ") + 7);

describe("statements over a source", () => {
  it("bind bounds with the column's type and without a collation", () => {
    const range = { lower: ["a'b\\"], upper: ["z"], nullKeys: false };
    expect(conditionOf(rangeQuery(contextOf(), range))).to.equal(
      `"id" IS NOT NULL AND "id" >=  E'a''b\\\\'::character varying(32) AND "id" < 'z'::character varying(32) AND true`,
    );
  });

  it("compare a key of several columns as a row", () => {
    const range = { lower: ["a", "1"], upper: null, nullKeys: false };
    expect(conditionOf(rangeQuery(contextOf({ key: ["id", "no"] }), range))).to.equal(
      `"id" IS NOT NULL AND "no" IS NOT NULL AND ("id", "no") >= ('a'::character varying(32), '1'::integer) AND true`,
    );
  });

  it("read rows with a NULL in any key column by the range of NULL keys", () => {
    const range = { lower: null, upper: null, nullKeys: true };
    expect(conditionOf(rangeQuery(contextOf({ key: ["id", "no"] }), range))).to.equal(
      `("id" IS NULL OR "no" IS NULL) AND true`,
    );
  });

  it("carry bounds and scopes as bytes where the server's text is not Unicode", () => {
    const context = contextOf({ scope: { counties: ["王"] } }, bytes);
    expect(conditionOf(rangeQuery(context, { lower: ["cdf5"], upper: null, nullKeys: false }))).to.equal(
      `"id" IS NOT NULL AND "id" >= convert_from( E'\\\\xcdf5'::bytea, 'SQL_ASCII')::character varying(32)` +
        ` AND "county" IN (convert_from( E'\\\\xcdf5'::bytea, 'SQL_ASCII')::character(6))`,
    );
    expect(boundariesStatement(context, 10)).to.include(
      "encode(convert_to(key_1::text, 'SQL_ASCII'), 'hex')",
    );
    expect(readStatement(context, { lower: null, upper: null, nullKeys: false })).to.include(
      "ENCODING 'SQL_ASCII'",
    );
  });

  it("write each column once, in canonical text, and quote its name", () => {
    const query = rangeQuery(contextOf({ key: ["id", "no"] }), { lower: null, upper: null, nullKeys: false });
    expect(query.slice(0, query.indexOf(", hash_record"))).to.equal(
      `SELECT "id", "no", "born", "boards"::int, "county"::text, "distance", encode("photo", 'hex'), "odd""name"`,
    );
  });

  it("hash text by its bytes, and as text what has several texts for one value", () => {
    expect(rowHash(contextOf())).to.equal(
      `hash_record_extended(ROW("id" COLLATE "C", "no", "born", "boards", "county" COLLATE "C", ` +
        `"distance"::text COLLATE "C", "photo", "odd""name" COLLATE "C"), 0)`,
    );
    expect(rowHash(contextOf({}, unicode, 130_000))).to.match(/^\('x' \|\| left\(md5\(ROW\(/);
  });

  it("do not name the text of a bound as the key, for ORDER BY would then sort by text", () => {
    expect(boundariesStatement(contextOf(), 10)).to.match(/key_1::text AS bound_of_key_1/);
  });

  it("refuse a scope without its column, an empty scope, and bounds of another key", () => {
    const whole = { lower: null, upper: null, nullKeys: false };
    const cases = [
      () => countStatement(contextOf({ scope: { phases: ["1"] } })),
      () => countStatement(contextOf({ scope: { counties: [] } })),
      () => rangeQuery(contextOf({ scope: { counties: ["𠮷"] } }, bytes), whole),
    ];
    for (const each of cases) expect(each).to.throw(DuijieError).with.property("code", "CONFIG_INVALID");
    const wrongBounds = () => rangeQuery(contextOf(), { ...whole, lower: ["a", "b"] });
    expect(wrongBounds).to.throw(DuijieError).with.property("code", "SOURCE_CHANGED");
  });
});
