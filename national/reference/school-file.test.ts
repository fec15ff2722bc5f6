import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { DuijieError } from "../../contracts/errors.ts";
import { FindingsError } from "../../contracts/finding.ts";
import { readSchoolsCsv } from "./school-file.ts";

const header = "school_id,name,school_type_code,region_code,managing_authority_code";
const good = "2134000001,第一小学,211,340102000000,340102000000";

describe("the ministry's file of schools", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "duijie-schools-"));
  });
  after(() => rmSync(folder, { recursive: true }));

  function file(content: string | Buffer): string {
    const path = join(folder, "schools.csv");
    writeFileSync(path, content);
    return path;
  }

  async function faults(content: string | Buffer): Promise<string[]> {
    try {
      await readSchoolsCsv(file(content));
      return [];
    } catch (error) {
      if (!(error instanceof FindingsError) || error.code !== "SCHOOL_FILE_INVALID") throw error;
      return error.findings.map(({ key, params }) =>
        [key.replace("national.schoolFile.", ""), params["line"], params["column"]].filter(Boolean).join(" "),
      );
    }
  }

  it("is read with and without a byte order mark, blanks and blank lines", async () => {
    const school = {
      school_id: "2134000001",
      name: "第一小学",
      school_type_code: "211",
      region_code: "340102000000",
      managing_authority_code: "340102000000",
    };
    for (const text of [`${header}\n${good}\n`, `\uFEFF${header}\r\n\r\n ${good} \r\n`]) {
      expect(await readSchoolsCsv(file(text))).to.deep.equal([school]);
    }
    expect(await readSchoolsCsv(file(`${header}\n`))).to.deep.equal([]);
  });

  it("is refused with every fault and its line", async () => {
    const lines = [
      header,
      good,
      "12,,9,340102,340199000000",
      "2134000002,第二小学,211,340102000000",
      good.replace("第一", "第二"),
    ];
    expect(await faults(`${lines.join("\n")}\n`)).to.deep.equal([
      "value 3 school_id",
      "value 3 name",
      "value 3 school_type_code",
      "value 3 region_code",
      "value 3 managing_authority_code",
      "columns 4",
      "duplicate 5",
    ]);
  });

  it("is refused with another header, charset or an open quotation mark", async () => {
    expect(await faults(`${good}\n`)).to.deep.equal(["header 1"]);
    expect(await faults("")).to.deep.equal(["header 1"]);
    expect(await faults(Buffer.from("a4e9a4cb", "hex"))).to.deep.equal(["charset 1"]);
    expect(await faults(`${header}\n"2134000001,x\n`)).to.deep.equal(["quote 2"]);
  });

  it("is refused when it is not there", async () => {
    const error: unknown = await readSchoolsCsv(join(folder, "none.csv")).catch((found: unknown) => found);
    expect(error).to.be.instanceOf(DuijieError).and.include({ code: "FILE_UNREADABLE" });
  });
});
