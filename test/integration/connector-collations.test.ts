import { expect } from "chai";
import { hostileKeys, never, readAll, sourceOf } from "../../connectors/conformance/harness.ts";
import type { Connector, KeyRange, SourceEntity } from "../../connectors/connector.ts";
import { serverCharset } from "../../connectors/postgres/server-charset.ts";
import { Session } from "../../connectors/postgres/session.ts";
import { describeSource } from "../../connectors/postgres/source-shape.ts";
import {
  boundariesStatement,
  rangeQuery,
  type StatementContext,
} from "../../connectors/postgres/statements.ts";
import { ReadPace, systemClock } from "../../connectors/read-pace.ts";
import { openPostgresHarness, type PostgresHarness } from "../support/postgres-conformance.ts";

const rowCount = 50_000;
const rowsPerRange = 4_000;
const collations = [
  "default",
  "binary",
  "pinyin",
  "case-insensitive",
  "swedish",
  "phonebook",
  "turkish",
] as const;

describe("text keys of a large table", function () {
  this.timeout(120_000);
  let harness: PostgresHarness;

  before(async () => {
    harness = await openPostgresHarness("collations");
  });
  after(() => harness.close());

  for (const collation of collations) {
    describe(`under the collation ${collation}`, () => {
      let source: SourceEntity;
      let connector: Connector;
      let ranges: readonly KeyRange[];

      before(async () => {
        const relation = await largeTable(harness, collation);
        source = sourceOf(relation, ["id"], { key: ["code"] });
        connector = harness.connect();
        ranges = await connector.planRanges(source, rowsPerRange, never);
      });
      after(() => harness.closeConnectors());

      it("are read with none missing and none double", async () => {
        const seen = new Uint8Array(rowCount);
        for (const range of ranges) {
          for (const { values } of await readAll(connector, source, range)) {
            const id = Number(values[0]);
            seen[id] = (seen[id] ?? 0) + 1;
          }
        }
        expect(ranges.length).to.be.within(8, 14);
        expect(seen.filter((times) => times === 0).length, "missing").to.equal(0);
        expect(seen.filter((times) => times > 1).length, "double").to.equal(0);
      });

      it("are found and planned by the key's index", async () => {
        const context = await contextOf(harness, source);
        const [range] = ranges.slice(3, 4);
        if (range === undefined) throw new Error("the table has too few ranges");
        for (const statement of [rangeQuery(context, range), boundariesStatement(context, rowsPerRange)]) {
          const plan = await harness.sql(`EXPLAIN ${statement}`);
          const text = plan.map((line) => String(line["QUERY PLAN"])).join("\n");
          expect(text)
            .to.match(/Index (Only )?Scan (using|on)/)
            .and.not.match(/Seq Scan/);
        }
        const [finding] = (await connector.check([source], never)).filter(
          ({ subject }) => subject === "key-index",
        );
        expect(finding?.detail["index"]).to.equal("present");
      });
    });
  }
});

/** Half the keys are what a school's system gives, half are hostile; about one in ten is there twice. */
async function largeTable(harness: PostgresHarness, collation: (typeof collations)[number]): Promise<string> {
  const columns = [
    { name: "id", type: "integer" },
    { name: "code", type: "varchar", size: 60, collation },
    { name: "filler", type: "text" },
  ] as const;
  const relation = await harness.createTable(`large_${collation.replaceAll("-", "_")}`, columns, ["code"]);
  const hostile = hostileKeys(rowCount, 7);
  const rows = hostile.map((text, index) => {
    const number = (index * 7919) % 45_000;
    return [
      String(index),
      index % 2 === 0 ? `X${number}${text}` : `${text}${number}`,
      "some more text of a pupil",
    ];
  });
  for (let from = 0; from < rowCount; from += 5_000) {
    await harness.insert(relation, ["id", "code", "filler"], rows.slice(from, from + 5_000));
  }
  await harness.sql(`VACUUM ANALYZE ${relation}`);
  return relation;
}

async function contextOf(harness: PostgresHarness, source: SourceEntity): Promise<StatementContext> {
  const session = await Session.open(
    { connectionString: harness.ownerUrl },
    new ReadPace(systemClock),
    never,
    60_000,
  );
  try {
    const { encoding, versionNumber } = session.facts;
    const charset = serverCharset(encoding, "auto");
    return { source, shape: await describeSource(session, source), charset, versionNumber };
  } finally {
    await session.end();
  }
}
