import { expect } from "chai";
import { never, sourceOf } from "../../connectors/conformance/harness.ts";
import type { Verdict } from "../../connectors/protection/governor.ts";
import { startProbe } from "../../connectors/protection/probe.ts";
import { ProtectedConnector } from "../../connectors/protection/protected-connector.ts";
import { openPostgresHarness, type PostgresHarness } from "../support/postgres-conformance.ts";

const rows = 4000;
const rowsPerRange = 200;

/** The closed loop on a real server: a registry that answers slowly is read slowly, and whole. */
describe("the protection of a registry on its server", function () {
  this.timeout(120_000);
  let harness: PostgresHarness;
  const connectors: ProtectedConnector[] = [];

  before(async () => {
    harness = await openPostgresHarness("protection");
  });
  afterEach(async () => {
    for (const connector of connectors.splice(0)) await connector.close();
    await harness.closeConnectors();
  });
  after(() => harness.close());

  function protectedConnector(verdicts: Verdict[]): ProtectedConnector {
    const options = { enabled: true, slowAbove: 3, slowestShare: 0.1, probeMs: 20 };
    const { hostname, port, pathname } = new URL(harness.ownerUrl);
    const setup = {
      engine: "postgres",
      options: {
        host: hostname,
        port: Number(port),
        database: pathname.slice(1),
        user: harness.role,
        password: "reads-only",
        tls: false,
      },
      place: { folder: "/", exchangeUrl: "" },
      probeMs: options.probeMs,
    };
    const connector = new ProtectedConnector(harness.connect({ concurrentReads: 1 }), {
      options,
      startProbe: (heard, failed) => startProbe(setup, heard, failed),
      judged: (verdict) => verdicts.push(verdict),
      unprobed: () => {
        throw new Error("the probe has no answer");
      },
    });
    connectors.push(connector);
    return connector;
  }

  /** A view that can be made to answer slowly. */
  async function slowableView(name: string): Promise<string> {
    const relation = await harness.createFilled(`${name}_table`, rows);
    await harness.sql(
      `CREATE TABLE xj.${name}_delay (seconds double precision); INSERT INTO xj.${name}_delay VALUES (0)`,
    );
    await harness.sql(`GRANT SELECT ON xj.${name}_delay TO ${harness.role}`);
    // Asked once a statement, before its first row.
    const delay = `(SELECT pg_sleep(seconds)::text FROM xj.${name}_delay) IS NOT NULL`;
    return await harness.createView(name, `${relation} WHERE ${delay}`);
  }

  it("halves the speed again and again while its own questions are answered slowly, and loses no row", async () => {
    const view = await slowableView("slowable");
    const verdicts: Verdict[] = [];
    const connector = protectedConnector(verdicts);
    const source = sourceOf(view, ["id"]);
    const ranges = await harness.connect().planRanges(source, rowsPerRange, never);
    const ids = new Set<string>();
    const deadline = performance.now() + 100_000;
    const read = async () => {
      for (const range of ranges)
        for await (const page of connector.readRange(source, range, { pageRows: 100 }, never))
          for (const { key } of page) ids.add(key ?? "");
    };
    await read();
    expect(ids.size).to.equal(rows);
    // Each question from now on takes 100 ms more: far above the quiet time of any machine, a busy one too.
    await harness.sql("UPDATE xj.slowable_delay SET seconds = 0.1");
    const [first] = ranges;
    if (first === undefined) throw new Error("no range");
    while (connector.share > 0.1 && performance.now() < deadline)
      await connector.hashRange(source, { ...first, upper: ["5"] }, never);
    expect(connector.share).to.equal(0.1);
    await harness.sql("UPDATE xj.slowable_delay SET seconds = 0");
    while (connector.share < 1 && performance.now() < deadline)
      await connector.hashRange(source, { ...first, upper: ["5"] }, never);
    expect(connector.share).to.equal(1);
    expect(verdicts.map(({ kind }) => kind)).to.include.members(["slowed", "recovering", "recovered"]);
  });
});
