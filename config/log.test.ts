import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { DuijieError } from "../contracts/errors.ts";
import type { LogFields } from "../contracts/log.ts";
import { createLog } from "./log.ts";

const canaryName = "钱金丝雀";
const canaryId = "110105200808080015";
const canaries = [canaryName, canaryId, canaryId.slice(6, 14), "Qian Jinsique"];

function capture(level: "debug" | "info" = "info") {
  const lines: string[] = [];
  const log = createLog({ level, sink: { write: (line) => void lines.push(line) } }, { process: "loader" });
  const last = (): Record<string, unknown> => JSON.parse(lines.at(-1) ?? "{}");
  return { log, lines, last };
}

function expectNoCanary(lines: readonly string[]): void {
  const text = lines.join("");
  for (const canary of canaries) expect(text).not.to.include(canary);
}

/** As a caller without types would do it. */
function untyped(fields: Record<string, unknown>): LogFields {
  return fields;
}

class DatabaseError extends Error {
  readonly code = "23505";
  readonly detail = `Key (id_doc_no)=(${canaryId}) already exists.`;
  readonly table = "student";
}

describe("log", () => {
  it("writes counts, codes and the machine's own names", () => {
    const { log, last } = capture();
    log.event("chunk.landed", { entity: "student", records: 2000, batchId: 17n, topic: "duijie.34.up.data" });
    expect(last()).to.include({
      level: "info",
      event: "chunk.landed",
      process: "loader",
      entity: "student",
      records: 2000,
      batchId: 17,
      topic: "duijie.34.up.data",
    });
    expect(last()).not.to.have.property("dropped");
  });

  it("replaces a value that is not allowed and counts it", () => {
    const { log, lines, last } = capture();
    log.event("x", { entity: canaryName, county: "340104", table: canaryId });
    expect(last()).to.include({ entity: "[dropped]", table: "[dropped]", county: "340104", dropped: 2 });
    expectNoCanary(lines);
  });

  it("drops a field that is not on the list, with its name", () => {
    const { log, lines, last } = capture();
    log.event("x", untyped({ name: canaryName, [canaryName]: 1, sourceKey: canaryId, records: 1 }));
    expect(last()).to.include({ records: 1, dropped: 3 });
    expect(lines.join("")).not.to.include("sourceKey");
    expectNoCanary(lines);
  });

  it("drops document, student and mobile numbers from every field", () => {
    const { log, lines } = capture();
    const numbers = [canaryId, `G${canaryId}`, "13912345678", "130503670401001", "11010519491231002X"];
    for (const number of numbers) {
      log.event("x", {
        entity: number,
        messageId: number,
        runId: number,
        traceId: number,
        host: `a.${number}.b`,
      });
      log.event(number);
      log.with({ process: number }).event("x");
    }
    log.event("x", { batchId: BigInt(canaryId), count: Number("130503670401001") });
    for (const number of numbers) expect(lines.join("")).not.to.include(number);
    expect(lines).to.have.length(numbers.length * 3 + 1);
  });

  it("keeps trace ids and UUIDs, whatever their digits", () => {
    const { log, last } = capture();
    const traceId = "12345678901234567890123456789012";
    const messageId = "01234567-0123-4123-8123-012345678901";
    log.event("x", { traceId, messageId });
    expect(last()).to.include({ traceId, messageId });
  });

  it("takes of an error its code, its classes and the SQLSTATE, never a text", () => {
    const { log, lines, last } = capture();
    const driver = new DatabaseError(`duplicate key ${canaryId} of ${canaryName}`);
    const middle = new TypeError(`while saving ${canaryName}`, { cause: driver });
    const error = new DuijieError("STORE_CONFLICT", { table: "student", hint: canaryName }, middle);
    log.error("apply.failed", { batchId: 4n }, error);
    expect(last()).to.deep.include({
      level: "error",
      event: "apply.failed",
      code: "STORE_CONFLICT",
      sqlState: "23505",
      errorClasses: ["DuijieError", "TypeError", "DatabaseError"],
      table: "student",
      batchId: 4,
    });
    expectNoCanary(lines);
  });

  it("survives errors that are strings, loops or hostile", () => {
    const { log, lines } = capture();
    const loop = new Error(canaryName);
    loop.cause = loop;
    const hostile = Object.assign(new Error(canaryName), { code: canaryId, name: canaryName });
    for (const error of [
      canaryName,
      loop,
      hostile,
      { toString: () => canaryName },
      null,
      7,
      Object.create(null),
    ]) {
      log.error("x", {}, error);
      log.warn("x", {}, new AggregateError([error], canaryName, { cause: error }));
    }
    expect(lines).to.have.length(14);
    for (const line of lines) expect(JSON.parse(line)).to.include({ code: "INVARIANT_BROKEN" });
    expectNoCanary(lines);
  });

  it("names the system's code of a connection error", () => {
    const { log, last } = capture();
    const refused = Object.assign(new Error("connect ECONNREFUSED 10.0.0.1:5432"), { code: "ECONNREFUSED" });
    log.warn("retry", {}, new DuijieError("STORE_UNREACHABLE", { host: "db.example", port: 5432 }, refused));
    expect(last()).to.include({
      code: "STORE_UNREACHABLE",
      systemCode: "ECONNREFUSED",
      host: "db.example",
      port: 5432,
    });
  });

  it("writes nothing below its level", () => {
    const { log, lines } = capture("info");
    log.debug("x");
    expect(lines).to.deep.equal([]);
    const loud = capture("debug");
    loud.log.debug("x");
    expect(loud.lines).to.have.length(1);
  });

  it("appends to a file whose folder it makes, readable where asked", () => {
    const folder = mkdtempSync(join(tmpdir(), "duijie-log-"));
    try {
      const file = join(folder, "logs", "duijie.log");
      createLog({ level: "info", file }).event("started", { pid: 1 });
      createLog({ level: "info", file, pretty: true }).event("stopped", { exitCode: 0 });
      const lines = readFileSync(file, "utf8").trimEnd().split("\n");
      expect(lines).to.have.length(2);
      expect(JSON.parse(lines[0] ?? "")).to.include({ event: "started", pid: 1 });
      expect(lines[1]).to.match(/Z INFO {2}stopped exitCode=0$/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("says where a log file can't be written", () => {
    const file = join(import.meta.filename, "duijie.log");
    expect(() => createLog({ level: "info", file }))
      .to.throw(DuijieError)
      .that.includes({ code: "FILE_UNREADABLE" });
  });
});
