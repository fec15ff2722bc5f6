import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { DuijieError } from "../../contracts/errors.ts";
import { createTexts } from "../../contracts/texts.ts";
import type { CheckResult } from "./checker.ts";
import { demoOptions } from "./demo-options.ts";
import { addsUp, type EntityResult, type EntityResults, ledgerRows } from "./demo-result.ts";
import { summaryLines } from "./demo-summary.ts";
import { perEntity } from "./truth.ts";

const line: EntityResult = {
  read: 1010,
  unchanged: 0,
  pending: 0,
  applied: 1000,
  quarantined: { MAPPING_MISSING: 3, KEY_DUPLICATE: 2 },
  rejected: { SCHOOL_UNKNOWN: 1 },
  waiting: 4,
  superseded: 0,
  withdrawn: 0,
  check: { rows: 1000, fields: 5000, differences: 0 },
};

function results(student: Partial<EntityResult> = {}): EntityResults {
  return { ...perEntity(() => line), student: { ...line, ...student } };
}

function check(differences: number): CheckResult {
  const outcome = { differences: 0, findings: [] };
  const samples = differences === 0 ? [] : ["XS0000000001.hukouKindCode"];
  return {
    entities: perEntity(() => ({ rows: 1000, fields: 5000, differences, missing: 0, extra: 0, samples })),
    staging: perEntity(() => ({ registryRows: 1010, rows: 1008, differences: 0, samples: [] })),
    exceptions: perEntity(() => outcome),
    ledger: outcome,
    foreign: outcome,
    differences,
  };
}

const files = { truth: "truth.json", config: "province.yaml", urls: null };

describe("the demo's command", () => {
  it("has a size, a seed and a language without being told", () => {
    expect(demoOptions([], { LANG: "C.UTF-8" })).to.deep.equal({
      command: "run",
      students: 20_000,
      seed: "1",
      json: null,
      keep: false,
      loaders: 1,
      source: "postgres",
      broker: "auto",
      language: "zh",
    });
  });

  it("takes all its options, and stop", () => {
    const options = demoOptions(
      [
        "--students",
        "9",
        "--seed",
        "s",
        "--json",
        "o.json",
        "--keep",
        "--loaders",
        "3",
        "--source",
        "csv",
        "--broker",
        "postgres",
      ],
      {
        LANG: "en_US.UTF-8",
      },
    );
    expect(options).to.include({
      students: 9,
      seed: "s",
      json: "o.json",
      keep: true,
      loaders: 3,
      source: "csv",
      broker: "postgres",
      language: "en",
    });
    expect(demoOptions(["--engine", "mysql"], {})).to.include({ source: "mysql" });
    expect(demoOptions(["--engine", "mysql", "--source", "mysql"], {})).to.include({ source: "mysql" });
    expect(demoOptions(["stop", "--lang", "zh"], { LANG: "en_US" })).to.include({
      command: "stop",
      language: "zh",
    });
  });

  for (const args of [
    ["--students", "0"],
    ["--students", "1e3"],
    ["--loaders", "-1"],
    ["--lang", "de"],
    ["--source", "toString"],
    ["--engine", "csv"],
    ["--engine", "mysql", "--source", "postgres"],
    ["go"],
    ["--fast"],
  ]) {
    it(`refuses ${args.join(" ")}`, () => {
      expect(() => demoOptions(args, {}))
        .to.throw(DuijieError)
        .that.includes({ code: "USAGE_INVALID" });
    });
  }

  it("adds the ledger up, and sees when it does not", () => {
    expect(addsUp(results())).to.equal(true);
    expect(addsUp(results({ waiting: 5 }))).to.equal(false);
    expect(ledgerRows(results()).at(-1)).to.deep.equal(["", 7070, 7000, 0, 35, 7, 28, 0, 0]);
  });

  for (const language of ["zh", "en"] as const) {
    it(`ends with a summary in ${language} that names every code and no placeholder`, () => {
      const texts = createTexts(language);
      const summary = summaryLines(texts, results(), check(0), { load: 1, total: 2 }, files).join("\n");
      for (const part of ["MAPPING_MISSING", "KEY_DUPLICATE", "SCHOOL_UNKNOWN", "7,070", "35,000"]) {
        expect(summary).to.include(part);
      }
      expect(summary).not.to.match(/\{\{|undefined|NaN/);
      const red = summaryLines(
        texts,
        results(),
        check(1),
        { load: 1, total: 2 },
        { ...files, urls: "out.json" },
      ).join("\n");
      expect(red).to.include("XS0000000001.hukouKindCode");
      expect(red).to.include("demo:stop");
    });
  }

  it("has a checker that imports nothing of the product", () => {
    const checkers = readdirSync(import.meta.dirname).filter((name) =>
      /^checker.*(?<!\.test)\.ts$/.test(name),
    );
    const imports = checkers.flatMap((name) =>
      [...readFileSync(join(import.meta.dirname, name), "utf8").matchAll(/\bfrom "([^"]+)"/g)].map(
        ([, from]) => from ?? "",
      ),
    );
    expect(checkers.length).to.be.greaterThan(3);
    expect(
      imports.filter((from) => !/^(node:.*|pg|pg-copy-streams|mysql2|\.\/checker-[a-z-]+\.ts)$/.test(from)),
    ).to.deep.equal([]);
    expect(imports).to.include("pg");
  });
});
