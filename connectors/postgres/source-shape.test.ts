import { expect } from "chai";
import fc from "fast-check";
import { relationParts, usedColumns } from "./source-shape.ts";

describe("a relation's name", () => {
  it("is a table, or a schema and a table, quoted where a part holds a dot", () => {
    expect(relationParts("xs_jbxx")).to.deep.equal(["xs_jbxx"]);
    expect(relationParts("dbo.学生")).to.deep.equal(["dbo", "学生"]);
    expect(relationParts('"a.b"."c""d"')).to.deep.equal(["a.b", 'c"d']);
    expect(relationParts('xj."T.1"')).to.deep.equal(["xj", "T.1"]);
  });

  it("is one name as it stands when it is none of these", () => {
    for (const odd of ["a.b.c", 'a"b', "", ".", 'x"; DROP TABLE y; --']) {
      expect(relationParts(odd)).to.deep.equal([odd]);
    }
  });

  it("is read back from its quoted parts, whatever they are", () => {
    const part = fc.string({ unit: "binary", minLength: 1 });
    const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
    fc.assert(
      fc.property(part, part, (schema, table) => {
        expect(relationParts(`${quoted(schema)}.${quoted(table)}`)).to.deep.equal([schema, table]);
      }),
    );
  });
});

describe("used columns", () => {
  it("are the configured ones first, each once", () => {
    const columns = ["b", "a", "b"].map((column, index) => ({ field: `f${index}`, column }));
    const source = {
      entity: "student",
      from: { relation: "t" },
      key: ["k", "a"],
      columns,
      countyColumn: "c",
      phaseColumn: "b",
    } as const;
    expect(usedColumns(source)).to.deep.equal(["b", "a", "k", "c"]);
  });
});
