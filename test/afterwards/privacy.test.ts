import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { kafkaMissing } from "../support/broker-kind.ts";
import { filesOf, findPersonalData, type Planted } from "../support/personal-data.ts";
import { skip } from "../support/skip.ts";

function folderOf(variable: string): string {
  const folder = process.env[variable];
  if (folder === undefined) throw new Error("this test looks back on a whole run: start it by `npm test`");
  return folder;
}

/** All provinces' planted texts together. */
function plantedTexts(): Planted {
  const folder = folderOf("DUIJIE_TEST_CANARIES");
  const all: Record<string, string[]> = {};
  for (const file of filesOf(folder)) {
    const content: unknown = JSON.parse(readFileSync(join(folder, file), "utf8"));
    for (const [kind, texts] of Object.entries(content ?? {}))
      if (Array.isArray(texts)) (all[kind] ??= []).push(...texts.map(String));
  }
  return all;
}

describe("the output of the whole test run", () => {
  it("holds no planted name, number or telephone, and no identity number at all", () => {
    const planted = plantedTexts();
    // A run that planted nothing would pass without showing anything.
    for (const kind of ["names", "numbers", "phones"])
      expect(planted[kind], kind).to.have.length.greaterThan(3);
    expect(findPersonalData(folderOf("DUIJIE_TEST_OUTPUT"), planted)).to.deep.equal([]);
  });

  it("includes both servers' logs, and with the broker's every topic name", function () {
    const folder = folderOf("DUIJIE_TEST_OUTPUT");
    const reason = kafkaMissing();
    if (reason !== null) skip(this, reason);
    expect(filesOf(folder)).to.include.members([
      "postgres.log",
      "kafka.log",
      "integration.log",
      "end-to-end.log",
    ]);
    expect(readFileSync(join(folder, "kafka.log"), "utf8")).to.match(
      /Created log for partition duijie\.\d\d\.up\./,
    );
  });

  it("includes what every process of the end-to-end tests wrote, and their own servers", () => {
    const folder = folderOf("DUIJIE_TEST_OUTPUT");
    const files = filesOf(folder);
    expect(files).to.include.members([
      "own-registry/province.log",
      "own-registry/national.log",
      "several-processes/province.log",
      "metrics/province.prom",
      "metrics/nation.prom",
      "monitoring/province.prom",
      "monitoring/nation.prom",
      "monitoring/spans.json",
      "crash-safety/province.log",
      "crash-safety/postgres.log",
      "crash-safety/broker.log",
      "demo/demo.txt",
      "demo/logs/province.log",
    ]);
    const bytes = files.reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
    console.log(`      ${files.length} files, ${bytes} bytes searched`);
    expect(files.length).to.be.greaterThan(60);
    expect(bytes).to.be.greaterThan(500_000);
  });

  it("would be seen to hold them", () => {
    const folder = mkdtempSync(join(tmpdir(), "duijie-privacy-"));
    try {
      // A made number with a right check character, and one with a wrong one.
      writeFileSync(
        join(folder, "a.log"),
        'one\n{"name":"鹓鶵甲"}\nid 11010519491231002X.\nid 110105194912310021\n',
      );
      expect(findPersonalData(folder, { names: ["鹓鶵甲", "鹓鶵乙"] })).to.deep.equal([
        { file: "a.log", line: 2, what: "names[0]" },
        { file: "a.log", line: 3, what: "identity number" },
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
