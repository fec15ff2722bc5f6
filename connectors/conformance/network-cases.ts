import assert from "node:assert/strict";
import { CutOff } from "./cut-off.ts";
import { assertCode, codesOf } from "./fault-cases.ts";
import {
  type ConformanceCase,
  type ConformanceHarness,
  never,
  readAll,
  sourceOf,
  wholeRange,
} from "./harness.ts";
import { wideRows, wideTable } from "./reading-cases.ts";

/** What goes wrong between us and a server, and at its door. */
export const networkCases: readonly ConformanceCase[] = [
  {
    id: "faults/cut-in-page",
    title: "a network cut in the middle of a page is SOURCE_UNREACHABLE, and the range reads again, whole",
    needs: ["network"],
    run: async (harness) => {
      const { host, port } = harness.address();
      const way = await CutOff.to(host, port);
      try {
        const { connector, source } = await wideTable(harness, { host: "127.0.0.1", port: way.port });
        assert.equal(await connector.count(source, never), wideRows);
        way.cutAfter(600_000);
        const read = readAll(connector, source, wholeRange, wideRows);
        await assertCode(read, "SOURCE_UNREACHABLE");
        assert.equal((await readAll(connector, source)).length, wideRows);
        await connector.close();
      } finally {
        await way.close();
      }
    },
  },
  {
    id: "faults/statement-ended",
    title: "a statement that the server ends is SOURCE_UNREACHABLE, and the range reads again, whole",
    needs: ["cancel"],
    run: async (harness) => {
      const { connector, source } = await wideTable(harness);
      const ended = async () => {
        for await (const page of connector.readRange(source, wholeRange, { pageRows: 10 }, never)) {
          assert.ok(page.length > 0);
          await harness.cancelStatements();
        }
      };
      await assertCode(ended(), "SOURCE_UNREACHABLE");
      assert.equal((await readAll(connector, source)).length, wideRows);
    },
  },
  {
    id: "faults/expired-password",
    title:
      "a password that is not valid any more is SOURCE_REFUSED, in a read and as the one finding of a check",
    needs: ["password-expiry"],
    run: async (harness) => {
      const source = await oneRow(harness, "expired_password");
      await harness.expirePassword(true);
      try {
        const connector = harness.connect();
        await assertCode(readAll(connector, source), "SOURCE_REFUSED");
        assert.deepEqual(codesOf(await connector.check([source], never)), ["server SOURCE_REFUSED"]);
      } finally {
        await harness.expirePassword(false);
      }
      assert.equal((await readAll(harness.connect(), source)).length, 1);
    },
  },
  {
    id: "faults/tls-refused",
    title: "a server that refuses the TLS that was asked for is SOURCE_REFUSED: nothing is sent in the clear",
    needs: ["tls"],
    run: async (harness) => {
      const source = await oneRow(harness, "tls_refused");
      const connector = harness.connect({ tls: true });
      await assertCode(readAll(connector, source), "SOURCE_REFUSED");
      assert.deepEqual(codesOf(await connector.check([source], never)), ["server SOURCE_REFUSED"]);
    },
  },
];

async function oneRow(harness: ConformanceHarness, name: string) {
  const relation = await harness.createTable(name, [{ name: "id", type: "integer" }], ["id"]);
  await harness.insert(relation, ["id"], [["1"]]);
  return sourceOf(relation, ["id"]);
}
