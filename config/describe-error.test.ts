import { expect } from "chai";
import { DuijieError, type ErrorCode, errorKinds, isErrorCode } from "../contracts/errors.ts";
import { FindingsError } from "../contracts/finding.ts";
import { createTexts, languages, readTexts } from "../contracts/texts.ts";
import { describeError } from "./describe-error.ts";

const codes = Object.keys(errorKinds).filter(isErrorCode);

function errorTexts(language: "zh" | "en"): [string, string][] {
  return Object.entries(readTexts(language)).filter(([key]) => key.startsWith("errors."));
}

describe("error texts", () => {
  for (const language of languages) {
    it(`exist in ${language} for every code and for nothing else`, () => {
      const keys = errorTexts(language).map(([key]) => key.slice("errors.".length));
      const expected = codes.flatMap((code) => [`${code}.what`, `${code}.why`, `${code}.remedy`]);
      expect(keys.filter((key) => !key.startsWith("reason."))).to.have.members(expected);
    });

    it(`are whole sentences in ${language}, whatever is known of the error`, () => {
      const texts = createTexts(language);
      for (const code of codes) {
        for (const params of [{}, { file: "a.yaml", line: 3, table: "t", host: "h", reason: "28P01" }]) {
          const { what, remedy } = describeError(new DuijieError(code, params), texts);
          for (const text of [what, remedy]) {
            expect(text, code).not.to.match(/[{[\]}]|undefined|[:：,，(（] ?[.。)）]/);
            expect(text, code).to.match(/[.。:：–)]$/);
          }
        }
      }
    });

    it(`use brackets in ${language} for optional parts alone`, () => {
      for (const [key, text] of errorTexts(language)) {
        expect(text.replaceAll(/\[[^[\]]*\{\{\w+\}\}[^[\]]*\]/g, ""), key).not.to.match(/[[\]]/);
      }
    });
  }

  it("name commands that exist", () => {
    const commands = new Set(
      Object.keys(readTexts("en")).flatMap(
        (key) => /^[a-z]+\.command\.(.+)$/.exec(key)?.[1]?.replaceAll(".", " ") ?? [],
      ),
    );
    const isCommand = (text: string): boolean => {
      const [first = "", second = ""] = text.split(" ");
      const isGroup = [...commands].some((name) => name.startsWith(`${first} `)) && first !== "national";
      return isGroup ? commands.has(`${first} ${second}`) : commands.has(first);
    };
    const named = languages.flatMap((language) =>
      errorTexts(language).flatMap(([, text]) =>
        [...text.matchAll(/`duijie ([a-z][a-z ]*)/g)].map(([, name]) => name ?? ""),
      ),
    );
    expect(named).to.have.length.greaterThan(40);
    expect(named.filter((name) => !isCommand(name.trim()))).to.deep.equal([]);
  });

  it("are Chinese in Chinese and not in English", () => {
    for (const [key, text] of errorTexts("zh")) expect(text, key).to.match(/\p{Script=Han}/u);
    for (const [key, text] of errorTexts("en")) expect(text, key).not.to.match(/\p{Script=Han}/u);
  });

  it("have the same parameters in both languages", () => {
    const english = readTexts("en");
    const names = (text: string): string[] =>
      [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name ?? "").toSorted();
    for (const [key, text] of errorTexts("zh"))
      expect(names(text), key).to.deep.equal(names(english[key] ?? ""));
  });
});

describe("describing an error", () => {
  const zh = createTexts("zh");
  const en = createTexts("en");

  const cases: readonly (readonly [ErrorCode, Record<string, string | number>, RegExp])[] = [
    [
      "SOURCE_REFUSED",
      { host: "db.example", reason: "authentication" },
      /db\.example.*User or password are wrong/,
    ],
    ["STORE_REFUSED", { store: "exchange-db", sqlState: "28P01" }, /exchange-db.*The password is wrong/],
    [
      "SOURCE_CHANGED",
      { entity: "student", table: "xs", sqlState: "42P01" },
      /student, table xs.*does not exist/,
    ],
    ["SOURCE_CHANGED", { entity: "student", column: "xm2" }, /student, column xm2/],
    ["SOURCE_CHARSET_WRONG", { serverEncoding: "SQL_ASCII", declared: "auto" }, /SQL_ASCII.*auto/],
    ["BROKER_UNREACHABLE", { brokers: "k:9092", reason: "ECONNREFUSED" }, /k:9092.*Nothing listens/],
    ["TOPIC_MISSING", { topic: "duijie.34.up.data" }, /duijie\.34\.up\.data/],
    ["NATION_SILENT", { seconds: 60 }, /within 60 seconds/],
  ];
  for (const [code, params, expected] of cases) {
    it(`tells of ${code} ${JSON.stringify(params)} what was found and where`, () => {
      expect(describeError(new DuijieError(code, params), en).what).to.match(expected);
      expect(describeError(new DuijieError(code, params), zh).what).to.match(/\p{Script=Han}/u);
    });
  }

  it("lists every fault of a file", () => {
    const error = new FindingsError("MAPPING_FILE_INVALID", { file: "a.csv", line: 2 }, [
      { key: "mappings.fault.blankSource", params: { line: 2 } },
      { key: "mappings.fault.duplicate", params: { line: 9, value: "1", firstLine: 3 } },
    ]);
    const { what, details } = describeError(error, en);
    expect(what).to.equal("The mapping file is wrong: a.csv, from line 2, 2 faults.");
    expect(details).to.deep.equal([
      "Line 2: source_code is blank.",
      "Line 9: the code 1 has another target in line 3.",
    ]);
  });

  it("adds what the sentence has no place for", () => {
    const { details } = describeError(
      new DuijieError("STORE_REFUSED", { host: "h", keyColumns: 2, other: "" }),
      en,
    );
    expect(details).to.deep.equal(["keyColumns=2"]);
  });

  it("says of a foreign error the class alone", () => {
    const canary = "110105200808080015";
    class OddError extends Error {}
    for (const error of [
      new OddError(canary),
      new TypeError(canary),
      canary,
      { name: canary },
      null,
      undefined,
    ]) {
      const description = describeError(error, zh);
      expect(description.code).to.equal("INVARIANT_BROKEN");
      expect(JSON.stringify(description)).not.to.include(canary);
    }
    expect(describeError(new OddError(canary), en).what).to.include("OddError");
  });

  it("lets no name steer the terminal or flood it", () => {
    const { what } = describeError(
      new DuijieError("FILE_UNREADABLE", { file: `\u001b[2J\n${"x".repeat(9999)}` }),
      en,
    );
    expect(what).not.to.match(/\p{Cc}/u);
    expect(what.length).to.be.lessThan(500);
  });
});
