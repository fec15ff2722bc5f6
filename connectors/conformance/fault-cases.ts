import assert from "node:assert/strict";
import { DuijieError, type ErrorCode } from "../../contracts/errors.ts";
import type { CheckFinding, Connector, SourceEntity, SourceRow } from "../connector.ts";
import {
  type ConformanceCase,
  type ConformanceHarness,
  hasFeature,
  never,
  readAll,
  sourceOf,
  wholeRange,
} from "./harness.ts";
import { wideRows, wideTable } from "./reading-cases.ts";

/** What goes wrong at a registry ends in its code, tells no data, and leaves the connector usable. */
export const faultCases: readonly ConformanceCase[] = [
  {
    id: "faults/killed-in-read",
    title: "a session killed in mid-read is SOURCE_UNREACHABLE, and the range reads again, whole",
    needs: ["sessions"],
    run: async (harness) => {
      const { connector, source } = await wideTable(harness);
      const broken = async () => {
        for await (const page of connector.readRange(source, wholeRange, { pageRows: 10 }, never)) {
          assert.ok(page.length > 0 && page.length <= 10);
          await harness.killSessions();
        }
      };
      await assertCode(broken(), "SOURCE_UNREACHABLE");
      assert.equal((await readAll(connector, source)).length, wideRows);
    },
  },
  {
    id: "faults/killed-between-reads",
    title: "a session killed between two reads is at worst one SOURCE_UNREACHABLE",
    needs: ["sessions"],
    run: async (harness) => {
      const { connector, source } = await smallTable(harness, "killed_between", { concurrentReads: 1 });
      await readAll(connector, source);
      await harness.killSessions();
      await readAll(connector, source).catch((error: unknown) => assertIs(error, "SOURCE_UNREACHABLE"));
      assert.equal((await readAll(connector, source)).length, 3);
    },
  },
  {
    id: "faults/abort-in-read",
    title: "an abort ends a read at once with its own reason, and ends its session",
    run: async (harness) => {
      const { connector, source } = await wideTable(harness, { concurrentReads: 1 });
      const controller = new AbortController();
      const reason = new Error("stopped by the test");
      const aborted = async () => {
        for await (const page of connector.readRange(
          source,
          wholeRange,
          { pageRows: 10 },
          controller.signal,
        )) {
          assert.ok(page.length > 0 && page.length <= 10);
          controller.abort(reason);
        }
      };
      await assert.rejects(aborted(), (error) => error === reason);
      await until(async () => (await harness.sessions()) === 0);
      assert.equal(await connector.count(source, never), wideRows);
    },
  },
  {
    id: "faults/abort-in-queue",
    title: "an abort ends the wait for a free connection",
    run: async (harness) => {
      const { connector, source } = await wideTable(harness, { concurrentReads: 1 });
      const pages = connector.readRange(source, wholeRange, { pageRows: 10 }, never)[Symbol.asyncIterator]();
      await pages.next();
      const controller = new AbortController();
      const reason = new Error("stopped by the test");
      const waiting = assert.rejects(connector.count(source, controller.signal), (error) => error === reason);
      controller.abort(reason);
      await waiting;
      await pages.return?.();
      assert.equal(await connector.count(source, never), wideRows);
    },
  },
  {
    id: "faults/aborted-before",
    title: "nothing is asked of the server after an abort",
    run: async (harness) => {
      const { connector, source } = await smallTable(harness, "aborted_before");
      const reason = new Error("stopped by the test");
      await assert.rejects(connector.count(source, AbortSignal.abort(reason)), (error) => error === reason);
      assert.equal(await harness.sessions(), 0);
    },
  },
  {
    id: "faults/unreachable",
    title: "a server that is not there is SOURCE_UNREACHABLE, in a read and as the one finding of a check",
    run: async (harness) => {
      const { source } = await smallTable(harness, "unreachable");
      const connector = harness.connect({ port: 9 });
      await assertCode(readAll(connector, source), "SOURCE_UNREACHABLE");
      assert.deepEqual(codesOf(await connector.check([source], never)), ["server SOURCE_UNREACHABLE"]);
    },
  },
  {
    id: "faults/wrong-password",
    title: "a wrong password is SOURCE_REFUSED",
    needs: ["logins"],
    run: async (harness) => {
      const { source } = await smallTable(harness, "wrong_password");
      const connector = harness.connect({ password: "surely-not-this" });
      const error = await assertCode(readAll(connector, source), "SOURCE_REFUSED");
      assert.ok(!JSON.stringify(error.params).includes("surely-not-this"));
      assert.deepEqual(codesOf(await connector.check([source], never)), ["server SOURCE_REFUSED"]);
    },
  },
  {
    id: "faults/refused-table",
    title: "a table without the right to read is SOURCE_REFUSED and named",
    needs: ["table-rights"],
    run: async (harness) => {
      const { connector, source, relation } = await smallTable(harness, "refused_table");
      await harness.refuse(relation);
      const error = await assertCode(readAll(connector, source), "SOURCE_REFUSED");
      assert.ok(String(error.params.table).includes("refused_table"));
      assert.ok(codesOf(await connector.check([source], never)).includes("right SOURCE_REFUSED"));
    },
  },
  {
    id: "faults/refused-column",
    title: "one column without the right to read is SOURCE_REFUSED and named",
    needs: ["column-rights"],
    run: async (harness) => {
      const { connector, source, relation } = await smallTable(harness, "refused_column");
      await harness.refuse(relation, "name");
      const error = await assertCode(readAll(connector, source), "SOURCE_REFUSED");
      assert.equal(error.params.column, "name");
      const findings = await connector.check([source], never);
      const refused = findings.filter(({ ok }) => !ok);
      assert.deepEqual(
        refused.map(({ subject, detail }) => [subject, detail.column]),
        [["right", "name"]],
      );
      assert.equal((await readAll(connector, sourceOf(relation, ["id"]))).length, 3);
    },
  },
  {
    id: "faults/missing-table",
    title: "a missing table is SOURCE_CHANGED and named",
    run: async (harness) => {
      const { connector, source, relation } = await smallTable(harness, "missing_table");
      await readAll(connector, source);
      await harness.dropTable(relation);
      const error = await assertCode(readAll(connector, source), "SOURCE_CHANGED");
      assert.ok(String(error.params.table).includes("missing_table"));
      assert.deepEqual(await failuresOf(connector, source), ["table SOURCE_CHANGED"]);
    },
  },
  {
    id: "faults/missing-column",
    title: "a column that disappears is SOURCE_CHANGED and named",
    run: async (harness) => {
      const { connector, source, relation } = await smallTable(harness, "missing_column");
      await readAll(connector, source);
      await harness.dropColumn(relation, "name");
      const error = await assertCode(readAll(connector, source), "SOURCE_CHANGED");
      assert.equal(error.params.column, "name");
      assert.deepEqual(await failuresOf(connector, source), ["column SOURCE_CHANGED"]);
    },
  },
  {
    id: "faults/changed-type",
    title: "a column that changes its type is SOURCE_CHANGED and named",
    needs: ["column-types"],
    run: async (harness) => {
      const { connector, source, relation } = await smallTable(harness, "changed_type");
      await readAll(connector, source);
      await harness.changeType(relation, "id", "text");
      const error = await assertCode(readAll(connector, source), "SOURCE_CHANGED");
      assert.equal(error.params.column, "id");
      assert.equal((await readAll(harness.connect(), source)).length, 3);
    },
  },
  {
    id: "faults/check-passes",
    title: "a check of a good source finds nothing wrong",
    run: async (harness) => {
      const { connector, source } = await smallTable(harness, "check_passes");
      const findings = await connector.check([source], never);
      assert.deepEqual(
        findings.filter(({ ok }) => !ok),
        [],
      );
      const index = hasFeature(harness, "key-index") ? ["key-index"] : [];
      for (const subject of ["server", "charset", "table", "column", "null-keys", ...index]) {
        assert.ok(
          findings.some((finding) => finding.subject === subject),
          subject,
        );
      }
      assert.ok(!findings.some(({ detail }) => detail.warning !== undefined));
    },
  },
  {
    id: "faults/check-warns",
    title: "a check warns of a key without index and of rows without key, and counts them",
    run: async (harness) => {
      const columns = [
        { name: "id", type: "integer" },
        { name: "code", type: "varchar", size: 9 },
      ] as const;
      const relation = await harness.createTable("check_warns", columns, ["id"]);
      await harness.insert(
        relation,
        ["id", "code"],
        [
          ["1", null],
          ["2", "a"],
          ["3", null],
        ],
      );
      const source = sourceOf(relation, ["id"], { key: ["code"] });
      const findings = await harness.connect().check([source], never);
      assert.ok(findings.every(({ ok }) => ok));
      const bySubject = new Map(findings.map((finding) => [finding.subject, finding.detail]));
      if (hasFeature(harness, "key-index")) assert.equal(bySubject.get("key-index")?.index, "missing");
      assert.equal(bySubject.get("null-keys")?.rows, 2);
    },
  },
  {
    id: "faults/injection-names",
    title: "a hostile table or column name is a name: SOURCE_CHANGED, and nothing else happens",
    run: async (harness) => {
      const { connector, source, relation } = await smallTable(harness, "injection_names");
      const hostile = [
        `${relation}"; DROP TABLE ${relation}; --`,
        `${relation}; SELECT 1`,
        `"${relation}`,
        "x'--",
        "",
      ];
      for (const name of hostile) {
        await assertCode(readAll(connector, { ...source, from: { relation: name } }), "SOURCE_CHANGED");
        const columns = [{ field: "name", column: `name" FROM ${relation}; --${name}` }];
        await assertCode(readAll(connector, { ...source, columns }), "SOURCE_CHANGED");
        await assertCode(readAll(connector, { ...source, key: [`id${name}"`] }), "SOURCE_CHANGED");
      }
      assert.equal((await readAll(connector, source)).length, 3);
    },
  },
  {
    id: "faults/injection-values",
    title: "hostile bounds and scopes are values, and match nothing but themselves",
    run: async (harness) => {
      const columns = [{ name: "id", type: "varchar", size: 99 }] as const;
      const relation = await harness.createTable("injection_values", columns, ["id"]);
      const hostile = ["' OR 1=1 --", "\\'; DROP TABLE x; --", "$$", "%s", "\\x41", "a'b''c", '"'];
      await harness.insert(
        relation,
        ["id"],
        hostile.map((id) => [id]),
      );
      const connector = harness.connect();
      for (const id of hostile) {
        const source = sourceOf(relation, ["id"], { countyColumn: "id", scope: { counties: [id] } });
        assert.deepEqual(
          (await readAll(connector, source)).map(({ key }) => key),
          [id],
        );
        const bounded = { lower: [id], upper: [id], nullKeys: false };
        assert.deepEqual(await readAll(connector, sourceOf(relation, ["id"]), bounded), []);
      }
    },
  },
  {
    id: "faults/injection-query",
    title: "a query that is more than one statement, or writes, is refused and does nothing",
    needs: ["queries"],
    run: async (harness) => {
      const { connector, source, relation } = await smallTable(harness, "injection_query");
      const select = harness.selectAll(relation);
      for (const query of [
        `${select}) AS x; DELETE FROM ${relation}; SELECT * FROM (${select}`,
        `DELETE FROM ${relation}`,
      ]) {
        await assertCode(readAll(connector, { ...source, from: { query } }), "SOURCE_CHANGED");
      }
      assert.equal((await readAll(connector, source)).length, 3);
    },
  },
  {
    id: "faults/no-data-in-errors",
    title: "an error names places and codes, and tells no value of the registry",
    needs: ["column-types"],
    run: async (harness) => {
      const columns = [
        { name: "id", type: "integer" },
        { name: "secret", type: "text" },
      ] as const;
      const relation = await harness.createTable("no_data", columns, ["id"]);
      await harness.insert(relation, ["id", "secret"], [["1", "canary-name"]]);
      const source = sourceOf(relation, ["id"], {
        countyColumn: "id",
        scope: { counties: ["canary-scope"] },
      });
      const error = await assertCode(readAll(harness.connect(), source), "SOURCE_CHANGED");
      assert.ok(
        !/canary/.test(JSON.stringify([error.params, error.message, String(error.cause), error.stack])),
      );
    },
  },
];

async function smallTable(
  harness: ConformanceHarness,
  name: string,
  options: Parameters<ConformanceHarness["connect"]>[0] = {},
): Promise<{ connector: Connector; source: SourceEntity; relation: string }> {
  const columns = [
    { name: "id", type: "integer" },
    { name: "name", type: "text" },
  ] as const;
  const relation = await harness.createTable(name, columns, ["id"]);
  await harness.insert(
    relation,
    ["id", "name"],
    [
      ["1", "a"],
      ["2", "b"],
      ["3", null],
    ],
  );
  return { connector: harness.connect(options), source: sourceOf(relation, ["id", "name"]), relation };
}

export async function assertCode(work: Promise<SourceRow[] | void>, code: ErrorCode): Promise<DuijieError> {
  try {
    await work;
  } catch (error) {
    return assertIs(error, code);
  }
  return assert.fail(`expected ${code}, nothing was thrown`);
}

function assertIs(error: unknown, code: ErrorCode): DuijieError {
  assert.ok(error instanceof DuijieError, String(error));
  assert.equal(error.code, code, JSON.stringify(error.params));
  return error;
}

async function failuresOf(connector: Connector, source: SourceEntity): Promise<string[]> {
  return codesOf((await connector.check([source], never)).filter(({ ok }) => !ok));
}

export function codesOf(findings: readonly CheckFinding[]): string[] {
  return findings.map(({ subject, code }) => `${subject} ${code ?? ""}`);
}

/** Asks until it is so; a server ends a session a moment after it was told to. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 5000;
  while (!(await condition())) assert.ok(performance.now() < deadline, "waited 5 s in vain");
}
