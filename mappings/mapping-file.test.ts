import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { DuijieError } from "../contracts/errors.ts";
import { FindingsError } from "../contracts/finding.ts";
import type { MappingTarget } from "./mapping-file.ts";
import { mappingTargetKinds, readMappingCsv } from "./mapping-file.ts";

describe("mapping file", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "duijie-mapping-"));
  });
  after(() => rmSync(folder, { recursive: true }));

  function write(content: string | Buffer): string {
    const file = join(folder, "table.csv");
    writeFileSync(file, content);
    return file;
  }

  async function faultsOf(content: string | Buffer, target: MappingTarget): Promise<readonly string[]> {
    const error = await readMappingCsv(write(content), target).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).to.be.instanceOf(FindingsError).and.to.include({ code: "MAPPING_FILE_INVALID" });
    if (!(error instanceof FindingsError)) return [];
    return error.findings.map(({ key, params }) => `${params["line"]} ${key.replace("mappings.fault.", "")}`);
  }

  it("is read with and without a byte order mark, CRLF, notes and blank lines", async () => {
    for (const start of ["", "\ufeff"]) {
      const file = write(
        `${start}source_code,target_code,note\r\n1,2,"农, 城"\r\n\r\n 2 ,1,\r\n2,1,again\r\n`,
      );
      expect((await readMappingCsv(file, { kind: "hukou-kind" })).entries).to.deep.equal([
        { sourceCode: "1", targetCode: "2", note: "农, 城" },
        { sourceCode: "2", targetCode: "1", note: null },
      ]);
    }
  });

  it("is read in GB18030 where that is declared", async () => {
    const bytes = Buffer.concat([
      Buffer.from("source_code,target_code\n"),
      Buffer.from([0xb7, 0xc7, 0xc5, 0xa9]), // 非农 in GB18030
      Buffer.from(",1\n"),
    ]);
    const { entries } = await readMappingCsv(write(bytes), { kind: "hukou-kind", charset: "gb18030" });
    expect(entries).to.deep.equal([{ sourceCode: "非农", targetCode: "1", note: null }]);
    expect(await faultsOf(bytes, { kind: "hukou-kind" })).to.deep.equal(["1 charset"]);
  });

  it("lists every fault with its line", async () => {
    const lines = [
      "source_code,target_code",
      "1,2",
      "1,1",
      ",1",
      "3,",
      "4,9",
      "5.30102E+11,1",
      "6",
      "7,1,note,more",
      "8\u0007,1",
      "9,2",
    ];
    expect(await faultsOf(lines.join("\n"), { kind: "hukou-kind" })).to.deep.equal([
      "3 duplicate",
      "4 blankSource",
      "5 blankTarget",
      "6 unknownTarget",
      "7 eaten",
      "8 columns",
      "8 blankTarget",
      "9 columns",
      "10 characters",
    ]);
  });

  it("needs its header", async () => {
    for (const content of ["", "1,2\n", "source,target\n1,2\n", "source_code,target_code,remark\n1,2,x\n"]) {
      expect(await faultsOf(content, { kind: "hukou-kind" })).to.deep.equal(["1 header"]);
    }
  });

  it("tells of a quotation mark that is never closed", async () => {
    const faults = await faultsOf('source_code,target_code\n"1,2\n3,1\n', { kind: "hukou-kind" });
    expect(faults).to.have.length(1);
    expect(faults[0]).to.match(/^\d+ quote$/);
  });

  it("checks regions in force, with six or twelve digits", async () => {
    const content = "source_code,target_code\na,340104\nb,340104000000\nc,110103\nd,999999\n";
    expect(await faultsOf(content, { kind: "region" })).to.deep.equal(["4 unknownTarget", "5 unknownTarget"]);
    expect(await faultsOf(content, { kind: "region-any" })).to.deep.equal(["5 unknownTarget"]);
  });

  it("checks the form of school ids", async () => {
    const content = "source_code,target_code\na,2134000017\nb,17\n";
    expect(await faultsOf(content, { kind: "school" })).to.deep.equal(["3 unknownTarget"]);
  });

  it("knows every national table as a target", () => {
    expect(mappingTargetKinds()).to.include.members([
      "hukou-kind",
      "school",
      "region",
      "region-any",
      "ethnicity",
    ]);
  });

  it("says where there is no file", async () => {
    const error = await readMappingCsv(join(folder, "none.csv"), { kind: "gender" }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).to.be.instanceOf(DuijieError).and.to.include({ code: "FILE_UNREADABLE" });
  });
});
