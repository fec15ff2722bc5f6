import { createHash, generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { Connector, SourceEntity } from "../../connectors/connector.ts";
import { engineOf } from "../../connectors/engines.ts";
import { type EntityName, entityNames } from "../../contracts/entity.ts";
import { type CheckOptions, checkLoad } from "../../embedded/demo/checker.ts";
import { fileEntities } from "../../embedded/demo/demo-sources.ts";
import { generateProvince } from "../../embedded/demo/generate.ts";
import { type RegistryEntities, xuejiEntities } from "../../embedded/demo/registry-config.ts";
import type { TruthFile } from "../../embedded/demo/truth.ts";
import { migrate } from "../../exchange-db/migrate.ts";
import { exchangeMigrations } from "../../exchange-db/migrations/index.ts";
import { nationalMigrations } from "../../national/migrations/index.ts";
import { writeLoadByHand } from "../support/hand-made-load.ts";
import { runCli } from "../support/run-cli.ts";
import { keepCanaries } from "../support/run-output.ts";
import { freshDatabase } from "../support/servers.ts";

const students = 2000;
const charsets = ["utf8", "gb18030"] as const;
const never = new AbortController().signal;

describe("a province whose registry is files", function () {
  this.timeout(180_000);
  const root = mkdtempSync(join(tmpdir(), "duijie-csv-province-"));
  const tables = join(root, "tables");
  const folderOf = (charset: string) => join(root, charset);
  const filesOf = (charset: "utf8" | "gb18030") => ({ folder: join(folderOf(charset), "registry"), charset });
  let truth: TruthFile;
  let databases: Pick<CheckOptions, "registryUrl" | "exchangeUrl" | "nationalUrl">;

  before(async () => {
    const [registry, exchange, national] = await Promise.all([
      freshDatabase("csv_registry"),
      freshDatabase("csv_exchange"),
      freshDatabase("csv_national"),
    ]);
    databases = { registryUrl: registry.url, exchangeUrl: exchange.url, nationalUrl: national.url };
    const province = { seed: "files", students };
    truth = await generateProvince({ ...province, registryUrl: registry.url, folder: tables });
    for (const charset of charsets)
      await generateProvince({ ...province, files: filesOf(charset), folder: folderOf(charset) });
    keepCanaries(tables, "csv-province");
  });
  after(() => rmSync(root, { recursive: true }));

  for (const charset of charsets) {
    it(`has to come to the same in ${charset} as from tables, byte for byte`, () => {
      const expected = digestsOf(tables);
      expect(Object.keys(expected)).to.have.length.above(40);
      expect(digestsOf(folderOf(charset))).to.deep.equal(expected);
    });

    it(`is read in ${charset} as its tables are, row by row and text by text`, async () => {
      const database = engineOf("postgres").open(
        {
          url: databases.registryUrl,
          concurrentReads: 1,
        },
        { folder: root, exchangeUrl: "" },
      );
      const folder = engineOf("csv").open(
        { ...filesOf(charset), workFolder: "work", concurrentReads: 1 },
        { folder: root, exchangeUrl: "" },
      );
      try {
        for (const entity of entityNames) {
          const rows = await textsOf(folder, sourceOf(entity, fileEntities(xuejiEntities)));
          expect(rows).to.have.length(truth.entities[entity].read);
          expect(rows).to.deep.equal(await textsOf(database, sourceOf(entity, xuejiEntities)));
        }
      } finally {
        await Promise.all([database.close(), folder.close()]);
      }
    });
  }

  it("is read from a signed package as from its files, in both charsets", async () => {
    const key = generateKeyPairSync("ed25519");
    writeFileSync(join(root, "maker.key"), key.privateKey.export({ type: "pkcs8", format: "pem" }));
    writeFileSync(join(root, "maker.pub"), key.publicKey.export({ type: "spki", format: "pem" }));
    for (const charset of charsets) {
      const packages = join(root, `packages-${charset}`);
      const { err, exitCode, out } = await runCli(
        [
          "package",
          "make",
          "--folder",
          packages,
          "--from",
          filesOf(charset).folder,
          "--province",
          "34",
        ].concat(["--key", join(root, "maker.key"), "--key-id", "maker-1", "--charset", charset, "--json"]),
      );
      expect(exitCode, err).to.equal(0);
      expect(JSON.parse(out)).to.deep.include({ sequence: 1, previous: 0, keyId: "maker-1" });
      const [files, signed] = [
        engineOf("csv").open(
          { ...filesOf(charset), workFolder: "work", concurrentReads: 1 },
          { folder: root, exchangeUrl: "" },
        ),
        engineOf("package").open(
          { folder: packages, keys: [{ id: "maker-1", publicKeyFile: "maker.pub" }], concurrentReads: 1 },
          { folder: root, exchangeUrl: "", province: "34" },
        ),
      ];
      try {
        for (const entity of entityNames) {
          const source = sourceOf(entity, fileEntities(xuejiEntities));
          expect(await textsOf(signed, source)).to.deep.equal(await textsOf(files, source));
        }
      } finally {
        await Promise.all([files.close(), signed.close()]);
      }
    }
  });

  it("is checked independently, and one digit of one row in a file turns the checker red", async () => {
    await migrate(databases.exchangeUrl, "exchange", exchangeMigrations);
    await migrate(databases.nationalUrl, "national", nationalMigrations);
    await writeLoadByHand({ ...databases, folder: tables, truth, entities: xuejiEntities });
    const files = filesOf("gb18030");
    const options = { ...databases, folder: folderOf("gb18030"), files };
    const right = await checkLoad(options);
    expect(right.differences, JSON.stringify(right)).to.equal(0);
    expect(right.staging.student).to.include({ registryRows: 2001, rows: 1998 });
    const file = join(files.folder, "xs_jbxx.csv");
    const bytes = readFileSync(file, "latin1");
    writeFileSync(file, bytes.replace(/(XS0000000001,.*)1(\d*,)/, "$12$2"), "latin1");
    expect((await checkLoad(options)).staging.student.differences).to.equal(1);
  });
});

/** All that the generator wrote beside the registry itself and its description. */
function digestsOf(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.\w+$/.test(name) && !name.startsWith("registry"))
    .toSorted();
  return Object.fromEntries(
    names.map((name) => [
      name,
      createHash("sha256")
        .update(readFileSync(join(folder, name)))
        .digest("hex"),
    ]),
  );
}

function sourceOf(entity: EntityName, entities: RegistryEntities): SourceEntity {
  const { county, fields, file, key, table } = entities[entity] ?? { key: [], fields: {} };
  const columns = Object.entries(fields).flatMap(([field, entry]) => {
    if (typeof entry === "string") return [{ field, column: entry }];
    return "column" in entry ? [{ field, column: entry.column }] : [];
  });
  const source = { entity, from: { relation: file ?? table ?? "" }, key, columns };
  return county === undefined ? source : { ...source, countyColumn: county };
}

/** Key, county and texts of all rows of all ranges, in one order. */
async function textsOf(connector: Connector, source: SourceEntity): Promise<string[]> {
  const texts: string[] = [];
  for (const range of await connector.planRanges(source, 300, never)) {
    for await (const page of connector.readRange(source, range, { pageRows: 200 }, never)) {
      texts.push(...page.map(({ county, key, values }) => JSON.stringify([key, county, values])));
    }
  }
  return texts.toSorted();
}
