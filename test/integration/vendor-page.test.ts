import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import pg from "pg";
import { packageRoot } from "../../contracts/package-root.ts";
import type { Broker } from "../../pipeline/broker/broker.ts";
import { BothSides, testKeys } from "../support/both-sides.ts";
import { freshDatabase } from "../support/servers.ts";
import { openAt, testBroker } from "../support/test-broker.ts";
import { VendorRole } from "../support/vendor-role.ts";

const province = "53";

interface Block {
  readonly kind: string;
  readonly text: string;
  /** What the page says that comes of it. */
  readonly result: string | null;
}

/** The page's blocks in their order; a block of text belongs to the one before it. Shown for another province than the test's. */
function blocks(): readonly Block[] {
  const page = readFileSync(join(packageRoot, "docs", "vendor.zh-CN.md"), "utf8").replaceAll("34", province);
  const all = [...page.matchAll(/^```([^\n]*)\n([\s\S]*?)^```$/gm)].map((found) => ({
    kind: found[1] ?? "",
    text: found[2] ?? "",
  }));
  return all.flatMap((block, at) => {
    if (block.kind === "text") return [];
    const next = all[at + 1];
    return [{ ...block, result: next?.kind === "text" ? next.text.trimEnd() : null }];
  });
}

describe("docs/vendor.zh-CN.md", function () {
  this.timeout(180_000);
  let broker: Broker;
  let sides: BothSides;
  let vendor: VendorRole;

  before(async () => {
    broker = await openAt(await testBroker(), {
      clientId: "vendor-page",
      requestTimeoutMs: 20_000,
      messageBytesMax: 2_000_000,
    });
    const exchangeUrl = (await freshDatabase("page_exchange")).url;
    sides = new BothSides({
      province,
      registryUrl: exchangeUrl,
      exchangeUrl,
      nationalUrl: (await freshDatabase("page_national")).url,
      broker,
      keys: testKeys(province),
      readsLoads: true,
    });
    await sides.migrate();
    await sides.startNode();
    await sides.startLink();
    vendor = await VendorRole.create(exchangeUrl, province, "page");
  });

  after(async () => await vendor?.end());
  after(async () => await sides?.close());
  after(async () => await broker?.close());

  it("shows SQL that a vendor's role can run in this order, with the results that it says", async () => {
    const all = blocks();
    expect(all.filter(({ kind }) => kind.startsWith("sql")).length).to.be.greaterThan(12);
    for (const block of all) {
      if (block.kind === "sql") {
        const found = await run(block.text);
        if (block.result !== null) expect(found, block.text).to.equal(block.result);
      } else if (block.kind === "sql refused") {
        expect(await message(block.text)).to.equal(block.result);
      } else if (block.text.includes("duijie load run")) await load();
    }
  });

  async function load(): Promise<void> {
    const next = await sides.takeLoad();
    if (next === null) throw new Error("no load waits");
    expect(await sides.load(next)).to.equal("done");
  }

  /** The last statement's rows as the page writes them. */
  async function run(sql: string): Promise<string> {
    const result = await vendor.client.query<(string | null)[]>({
      text: sql,
      rowMode: "array",
      types: asText,
    });
    const last = Array.isArray(result) ? result.at(-1) : result;
    const names: string[] = last.fields.map((field: pg.FieldDef) => field.name);
    const rows: (string | null)[][] = last.rows;
    return [names, ...rows]
      .map((row) =>
        row
          .map((cell) => cell ?? "")
          .join(" | ")
          .trimEnd(),
      )
      .join("\n");
  }

  async function message(sql: string): Promise<string> {
    try {
      await vendor.client.query(sql);
      return "was not refused";
    } catch (error) {
      return error instanceof pg.DatabaseError ? error.message : String(error);
    }
  }
});

const asText = {
  getTypeParser: (oid: number) => (value: string) => (oid === 16 ? String(value === "t") : value),
};
