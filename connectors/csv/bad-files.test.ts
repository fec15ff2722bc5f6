import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { DuijieError, type ErrorCode } from "../../contracts/errors.ts";
import { createTexts, languages } from "../../contracts/texts.ts";
import { encode } from "../charset.ts";
import { type KeyRange, type SourceEntity, type SourceRow } from "../connector.ts";
import { CsvConnector } from "./csv-connector.ts";
import type { CsvOptions } from "./options.ts";

const whole: KeyRange = { lower: null, upper: null, nullKeys: false };
const keylessRange: KeyRange = { lower: null, upper: null, nullKeys: true };
const never = new AbortController().signal;

/** A name that no error may tell. */
const secret = "鹓鶵甲";
const names = ["王芳", "李伟", "张敏", "刘洋", "陈杰", "杨静", secret];
const goodRows = names.map((name, at) => `${at},${name},340104`).join("\n");
const good = `id,name,county\n${goodRows}\n`;

const source: SourceEntity = {
  entity: "student",
  from: { relation: "xs.csv" },
  key: ["id"],
  columns: [
    { field: "id", column: "id" },
    { field: "name", column: "name" },
  ],
  countyColumn: "county",
};

function gb(text: string): Buffer {
  const bytes = encode(text, "gb18030");
  if (bytes === null) throw new Error("no such character");
  return bytes;
}

interface BadFile {
  readonly title: string;
  readonly content: string | Buffer;
  readonly options?: Partial<CsvOptions>;
  readonly code: ErrorCode;
  readonly params: Readonly<Record<string, string | number>>;
}

const badFiles: readonly BadFile[] = [
  { title: "an empty file", content: "", code: "SOURCE_FILE_EMPTY", params: {} },
  { title: "a file of a byte order mark alone", content: "\uFEFF", code: "SOURCE_FILE_EMPTY", params: {} },
  { title: "a file without a header", content: goodRows, code: "SOURCE_HEADER_MISSING", params: { line: 1 } },
  {
    title: "another separator than declared",
    content: good.replaceAll(",", ";"),
    code: "SOURCE_HEADER_MISSING",
    params: { line: 1, found: 1 },
  },
  {
    title: "a column that is not there",
    content: good.replace("name", "xm"),
    code: "SOURCE_CHANGED",
    params: { line: 1, column: "name" },
  },
  {
    title: "a column in another case",
    content: good.replace("name", "Name"),
    code: "SOURCE_CHANGED",
    params: { column: "name" },
  },
  {
    title: "a column twice",
    content: "id,name,county,name\n1,a,b,c\n",
    code: "SOURCE_HEADER_DOUBLED",
    params: { line: 1, column: "name", places: "2, 4" },
  },
  {
    title: "a row with a field too many",
    content: good.replace("340104\n2,", "340104,x\n2,"),
    code: "SOURCE_ROW_RAGGED",
    params: { line: 3, found: 4, expected: 3 },
  },
  {
    title: "a last row that was cut off",
    content: `${good}7,${secret}`,
    code: "SOURCE_ROW_RAGGED",
    params: { line: 9, found: 2, expected: 3 },
  },
  {
    title: "a ragged row behind a text of several lines",
    content: 'id,name,county\n1,"a\nb\nc",x\n2,b\n',
    code: "SOURCE_ROW_RAGGED",
    params: { line: 5 },
  },
  {
    title: "a quote that is never closed",
    content: good.replace("2,", '"2,'),
    code: "SOURCE_QUOTE_OPEN",
    params: { line: 4 },
  },
  {
    title: "a quote inside a field without quotes",
    content: good.replace("张敏", '张"敏'),
    code: "SOURCE_QUOTE_STRAY",
    params: { line: 4 },
  },
  {
    title: "a text that goes on behind its closing quote",
    content: good.replace("张敏", '"张"敏'),
    code: "SOURCE_QUOTE_STRAY",
    params: { line: 4 },
  },
  {
    title: "a NUL byte",
    content: good.replace("张敏", "张\0敏"),
    code: "SOURCE_BYTE_NUL",
    params: { line: 4 },
  },
  {
    title: "UTF-16 with its byte order mark",
    content: Buffer.from(`\uFEFF${good}`, "utf16le"),
    code: "SOURCE_CHARSET_WRONG",
    params: { looksLike: "utf16" },
  },
  {
    title: "UTF-16 without a byte order mark",
    content: Buffer.from(good, "utf16le"),
    code: "SOURCE_BYTE_NUL",
    params: { line: 1 },
  },
  {
    title: "a byte order mark of UTF-8 in a file declared GB18030",
    content: `\uFEFF${good}`,
    options: { charset: "gb18030" },
    code: "SOURCE_CHARSET_WRONG",
    params: { declared: "gb18030", looksLike: "utf8", line: 1 },
  },
  {
    title: "a byte order mark of GB18030 in a file declared UTF-8",
    content: Buffer.concat([Buffer.from("84319533", "hex"), gb(good)]),
    options: { charset: "utf8" },
    code: "SOURCE_CHARSET_WRONG",
    params: { declared: "utf8", looksLike: "gb18030" },
  },
  {
    title: "UTF-8 declared GB18030, although many of its bytes are good GB18030",
    content: good,
    options: { charset: "gb18030" },
    code: "SOURCE_CHARSET_WRONG",
    params: { looksLike: "utf8" },
  },
  {
    title: "GB18030 declared UTF-8",
    content: gb(good),
    options: { charset: "utf8" },
    code: "SOURCE_CHARSET_WRONG",
    params: { looksLike: "gb18030" },
  },
  {
    title: "GB18030 that nobody declared",
    content: gb(good),
    code: "SOURCE_CHARSET_WRONG",
    params: { declared: "auto", looksLike: "gb18030" },
  },
  {
    title: "one byte of nothing, where nobody declared a charset",
    content: Buffer.concat([Buffer.from(good), Buffer.from("38ff2c2c0a", "hex")]),
    code: "SOURCE_CHARSET_WRONG",
    params: { looksLike: "unknown" },
  },
];

describe("a CSV file", () => {
  let folder: string;
  let connector: CsvConnector;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "duijie-bad-csv-"));
    file = join(folder, "xs.csv");
  });
  afterEach(async () => {
    await connector.close();
    rmSync(folder, { recursive: true });
  });

  function open(options: Partial<CsvOptions> = {}): CsvConnector {
    connector = new CsvConnector({
      folder,
      charset: "auto",
      separator: ",",
      nullText: "",
      changes: "refuse",
      workFolder: join(folder, "work"),
      concurrentReads: 2,
      ...options,
    });
    return connector;
  }

  async function rows(range = whole): Promise<SourceRow[]> {
    const all: SourceRow[] = [];
    for await (const page of connector.readRange(source, range, { pageRows: 2 }, never)) all.push(...page);
    return all;
  }

  async function failure(work: () => Promise<unknown>): Promise<DuijieError> {
    try {
      await work();
    } catch (error) {
      if (error instanceof DuijieError) return error;
      throw error;
    }
    throw new Error("nothing was thrown");
  }

  for (const { title, content, options, code, params } of badFiles) {
    it(`is refused with its name and line: ${title}`, async () => {
      writeFileSync(file, content);
      open(options);
      const error = await failure(() => rows());
      expect(error.code, JSON.stringify(error.params)).to.equal(code);
      expect(error.params).to.include({ file, table: "xs.csv", entity: "student", ...params });
      expect(JSON.stringify([error.params, error.stack])).to.not.include(secret);
      const found = (await connector.check([source], never)).filter(({ ok }) => !ok);
      expect(found.map((finding) => finding.code)).to.deep.equal([code]);
      for (const language of languages)
        expect(createTexts(language)(`errors.${code}.remedy`)).to.not.equal("");
    });
  }

  it("that is missing is SOURCE_CHANGED, and so is a name that leads out of the folder", async () => {
    open();
    expect((await failure(() => rows())).params).to.include({ file, reason: "file-missing" });
    const outside = { ...source, from: { relation: "../xs.csv" } };
    expect(await failure(() => connector.count(outside, never))).to.include({ code: "SOURCE_CHANGED" });
    const query = { ...source, from: { query: "SELECT 1" } };
    expect(await failure(() => connector.count(query, never))).to.include({ code: "CONFIG_INVALID" });
  });

  it("that changes between plan and read is SOURCE_CHANGED, one that was only touched is not", async () => {
    writeFileSync(file, good);
    open();
    const ranges = await connector.planRanges(source, 3, never);
    utimesSync(file, 1_000_000_000, 1_000_000_000);
    expect(await rows(ranges[0])).to.have.length(3);
    writeFileSync(file, good.replace("李伟", "李俊"));
    expect((await failure(() => rows(ranges[0]))).params).to.include({ file, reason: "file-changed" });
  });

  it("that is written to in the middle of a read is SOURCE_CHANGED, also where changes are followed", async () => {
    writeFileSync(file, good);
    open({ changes: "follow" });
    const broken = async () => {
      for await (const page of connector.readRange(source, whole, { pageRows: 2 }, never)) {
        expect(page).to.have.length(2);
        writeFileSync(file, `${good}8,x,y\n`);
      }
    };
    expect((await failure(broken)).params).to.include({ reason: "file-changed" });
    expect(await rows()).to.have.length(8);
  });

  it("with single bad bytes is read: the row says column and bytes, every other row is whole", async () => {
    const bad = Buffer.concat([
      gb("id,name,county\n0,王,x\n1,"),
      Buffer.from("cdf5ff", "hex"),
      gb(",x\n2,李,x\n"),
    ]);
    writeFileSync(file, bad);
    open({ charset: "gb18030" });
    const read = await rows();
    expect(read.map(({ key, values }) => [key, values[1]])).to.deep.equal([
      ["0", "王"],
      ["1", null],
      ["2", "李"],
    ]);
    expect(read[1]?.unreadable).to.deep.equal({ column: "name", hex: "cdf5ff" });
    const sample = (await connector.check([source], never)).find(({ subject }) => subject === "sample");
    expect(sample).to.deep.include({ ok: true });
    expect(sample?.detail).to.include({ rows: 3, unreadable: 1, warning: "unreadable" });
  });

  it("is read whatever its byte order mark and line ends are, an empty line being none", async () => {
    writeFileSync(file, `\uFEFF${good.replaceAll("\n", "\r\n")}\r\n\r\n`);
    open();
    const read = await rows();
    expect(read.map(({ values }) => values[1])).to.deep.equal(names);
    expect(read.map(({ county }) => county)).to.deep.equal(names.map(() => "340104"));
  });

  it("tells no value from empty text, by quotes, and by nullText where one is set", async () => {
    writeFileSync(file, 'id,name,county\n1,,x\n2,"",x\n3,\\N,x\n4,"\\N",x\n');
    const values = async () => (await rows()).map((row) => row.values[1]);
    open();
    expect(await values()).to.deep.equal([null, "", "\\N", "\\N"]);
    await connector.close();
    open({ nullText: "\\N" });
    expect(await values()).to.deep.equal(["", "", null, "\\N"]);
  });

  it("hides no doubled and no missing key, however far apart the rows stand", async () => {
    const many = Array.from({ length: 5000 }, (_, at) => `${at % 4999},${at},x`);
    writeFileSync(file, ["id,name,county", ...many, ",nobody,x", ""].join("\n"));
    open();
    const findings = await connector.check([source], never);
    const detail = (subject: string) => findings.find((finding) => finding.subject === subject)?.detail;
    expect(detail("key-duplicates")).to.include({ keys: 1, rows: 2 });
    expect(detail("null-keys")).to.include({ rows: 1 });
    const counts: number[] = [];
    for (const range of await connector.planRanges(source, 100, never))
      counts.push((await rows(range)).filter(({ key }) => key === "0").length);
    expect(counts.filter((count) => count > 0)).to.deep.equal([2]);
    expect((await rows(keylessRange)).map(({ key, values }) => [key, values[1]])).to.deep.equal([
      [null, "nobody"],
    ]);
  });
});
