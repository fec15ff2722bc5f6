import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { createTexts } from "../contracts/texts.ts";
import type { FailingRow } from "../pipeline/dry-run.ts";
import { csvText } from "./csv-text.ts";
import { FailingRowsFolder, safeName } from "./failing-rows-folder.ts";
import { Terminal } from "./terminal.ts";

const nowhere = { write: () => true };

function row(more: Partial<FailingRow>): FailingRow {
  const findings = [{ code: "MAPPING_MISSING", field: "genderCode", rule: "sex", value: "9" }];
  return { entity: "student", key: "k1", county: "340102", school: "2134000001", findings, ...more };
}

describe("failing rows", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "duijie-rows-"));
  });
  after(() => rmSync(folder, { recursive: true }));

  it("stand in a file per county and school, a line per finding, with what to do in the language asked for", () => {
    for (const [language, hint] of [
      ["en", "Add this source code"],
      ["zh", "映射表"],
    ] as const) {
      const out = join(folder, language);
      const terminal = new Terminal(createTexts(language), { out: nowhere, err: nowhere, isTty: false });
      const rows = new FailingRowsFolder(out, terminal);
      rows.add([row({}), row({ key: "k2", school: "2134000002" })]);
      rows.add([
        row({
          key: "k3",
          findings: [
            { code: "CONTRACT_VIOLATION", field: "name", rule: "REQUIRED", value: null },
            { code: "CONTRACT_VIOLATION", field: "idDocNo", rule: "STUDENT_ID_CHECK", value: null },
          ],
        }),
      ]);
      const text = readFileSync(join(out, "student", "340102", "2134000001.csv"), "utf8");
      const lines = text.trimEnd().split("\r\n");
      expect(text.startsWith("\uFEFF")).to.equal(true);
      expect(lines).to.have.length(4);
      expect(lines[1])
        .to.match(/^k1,MAPPING_MISSING,genderCode,sex,9,/)
        .and.include(hint);
      expect(lines[2]).to.match(/^k3,CONTRACT_VIOLATION,name,REQUIRED,,./);
      expect(lines[3]).to.match(/^k3,CONTRACT_VIOLATION,idDocNo,STUDENT_ID_CHECK,,./);
      expect(readFileSync(join(out, "student", "340102", "2134000002.csv"), "utf8")).to.include("k2");
    }
  });

  it("are readable by their owner alone", () => {
    const out = join(folder, "private");
    const terminal = new Terminal(createTexts("en"), { out: nowhere, err: nowhere, isTty: false });
    const rows = new FailingRowsFolder(out, terminal);
    rows.add([row({ county: null, school: null })]);
    rows.writeSummary({ read: 1 });
    for (const file of [join("student", "none", "none.csv"), "summary.json"]) {
      expect(statSync(join(out, file)).mode & 0o077, file).to.equal(0);
    }
    expect(statSync(out).mode & 0o077).to.equal(0);
  });

  it("never leave their folder, whatever a code of the registry is", () => {
    for (const code of ["..", ".", "../x", "/etc/passwd", "a/b", "a\0b", "", "con\n", "x".repeat(300)]) {
      expect(safeName(code), JSON.stringify(code)).to.match(/^[\w\u4e00-\u9fff-]{1,70}$/u);
    }
    expect(safeName("合肥一中")).to.equal("合肥一中");
  });

  it("keep the files of two codes apart", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (one, other) => {
        fc.pre(one !== other && one !== "" && other !== "" && one !== "none" && other !== "none");
        expect(safeName(one)).not.to.equal(safeName(other));
      }),
    );
  });

  it("are no formulas to a spreadsheet", () => {
    const text = csvText(["a"], [["=1+1"], ["+1"], ["-1"], ["@x"], ["\tx"], ["plain"], [null]]);
    expect(text).to.equal("\uFEFFa\r\n'=1+1\r\n'+1\r\n'-1\r\n'@x\r\n'\tx\r\nplain\r\n\r\n");
  });
});
