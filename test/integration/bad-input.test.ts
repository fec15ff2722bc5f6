import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import pg from "pg";
import { createTexts, languages } from "../../contracts/texts.ts";
import { migrate } from "../../exchange-db/migrate.ts";
import { exchangeMigrations } from "../../exchange-db/migrations/index.ts";
import { nationalMigrations } from "../../national/migrations/index.ts";
import { topicName } from "../../pipeline/topics.ts";
import { badInputs, province } from "../support/bad-inputs.ts";
import {
  type Content,
  type NodeUrls,
  nationalContent,
  nodeEnvironment,
  nodeFolder,
  provinceContent,
} from "../support/province-folder.ts";
import { runCli } from "../support/run-cli.ts";
import { freshDatabase, testPostgres } from "../support/servers.ts";
import { fillRegistry, smallProvince } from "../support/small-province.ts";
import { openAt, testBroker } from "../support/test-broker.ts";

describe("bad input", function () {
  this.timeout(120_000);
  let folder: string;
  let urls: NodeUrls;
  let write: (name: string, content: Content) => string;
  const more: Record<string, string> = {};

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "duijie-bad-input-"));
    write = nodeFolder(folder, province);
    const registry = await freshDatabase("bad_input_registry");
    const exchange = await freshDatabase("bad_input_exchange");
    const national = await freshDatabase("bad_input_national");
    urls = {
      registry: registry.url,
      exchange: exchange.url,
      national: national.url,
      brokers: await testBroker(),
    };
    await fillRegistry(urls.registry, smallProvince(province, 4));
    await migrate(urls.exchange, "exchange", exchangeMigrations);
    await migrate(urls.national, "national", nationalMigrations);
    await otherDatabases();
    await makeTopics(urls.brokers);
    writeFiles();
  });
  after(() => rmSync(folder, { recursive: true }));

  /** Databases and roles that are wrong in one way each; their URLs by name. */
  async function otherDatabases(): Promise<void> {
    const empty = await freshDatabase("bad_input_empty");
    const ahead = await freshDatabase("bad_input_ahead");
    await migrate(ahead.url, "exchange", exchangeMigrations);
    await statements(ahead.url, [
      "INSERT INTO exchange.migration (timestamp, name) VALUES (1, 'FromLater9')",
    ]);
    const server = await testPostgres();
    const names = { latin: `bad_latin_${process.pid}`, ascii: `bad_ascii_${process.pid}` };
    await statements(server.adminUrl, [
      `CREATE DATABASE ${names.latin} ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`,
      `CREATE DATABASE ${names.ascii} ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`,
    ]);
    await fillRegistry(server.url(names.ascii), smallProvince(province, 1));
    const reader = await role("reader", urls.registry, [
      "GRANT USAGE ON SCHEMA own TO ROLE_NAME",
      "GRANT SELECT ON ALL TABLES IN SCHEMA own TO ROLE_NAME",
      "REVOKE SELECT ON own.student FROM ROLE_NAME",
      "GRANT SELECT (source_key, own_county, school_id) ON own.student TO ROLE_NAME",
    ]);
    const daemon = await role("daemon", urls.exchange, [
      "GRANT USAGE ON SCHEMA exchange, staging, mapping TO ROLE_NAME",
      "GRANT SELECT ON ALL TABLES IN SCHEMA exchange, staging, mapping TO ROLE_NAME",
    ]);
    const wrongPassword = new URL(urls.exchange);
    wrongPassword.password = "wrong";
    const wrongAtRegistry = new URL(urls.registry);
    wrongAtRegistry.password = "wrong";
    Object.assign(more, {
      empty: empty.url,
      ahead: ahead.url,
      latin: server.url(names.latin),
      ascii: server.url(names.ascii),
      reader,
      daemon,
      wrongPassword: wrongPassword.href,
      wrongAtRegistry: wrongAtRegistry.href,
      nowhere: "postgres://duijie@127.0.0.1:1/none",
    });
  }

  after(async () => {
    const server = await testPostgres();
    for (const url of [more["latin"], more["ascii"]]) {
      const name = new URL(url ?? "").pathname.slice(1);
      await statements(server.adminUrl, [`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`]);
    }
    for (const [url, name] of [
      [urls.registry, "reader"],
      [urls.exchange, "daemon"],
    ] as const) {
      const roleName = `bad_input_${name}_${process.pid}`;
      await statements(url, [`DROP OWNED BY ${roleName}`, `DROP ROLE ${roleName}`]);
    }
  });

  async function role(name: string, url: string, grants: readonly string[]): Promise<string> {
    const roleName = `bad_input_${name}_${process.pid}`;
    await statements(url, [
      `CREATE ROLE ${roleName} LOGIN PASSWORD 'secret'`,
      ...grants.map((grant) => grant.replaceAll("ROLE_NAME", roleName)),
    ]);
    const own = new URL(url);
    own.username = roleName;
    own.password = "secret";
    return own.href;
  }

  async function statements(url: string, list: readonly string[]): Promise<void> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      for (const statement of list) await client.query(statement);
    } finally {
      await client.end();
    }
  }

  async function makeTopics(brokers: readonly string[]): Promise<void> {
    const options = { clientId: "test", requestTimeoutMs: 10_000, messageBytesMax: 1_000_000 };
    const broker = await openAt(brokers, options);
    const names = [
      topicName(province, "up", "data"),
      topicName(province, "up", "control"),
      topicName(province, "down", "control"),
    ];
    await broker.ensureTopics(
      names.map((topic) => ({ topic, partitions: 1, replicationFactor: 1, config: {} })),
    );
    await broker.close();
  }

  function writeFiles(): void {
    const open = join(folder, "keys", "open.key");
    writeFileSync(open, "-----BEGIN PRIVATE KEY-----\n");
    chmodSync(open, 0o644);
    writeFileSync(join(folder, "header.csv"), "code,target\n1,1\n");
    writeFileSync(join(folder, "target.csv"), "source_code,target_code\n1,99\n");
    writeFileSync(
      join(folder, "schools.csv"),
      "school_id,name,school_type_code,region_code,managing_authority_code\n12,,9,1,2\n",
    );
  }

  for (const [at, one] of badInputs.entries()) {
    it(`ends in ${one.code} and ${one.exitCode} for ${one.name}`, async () => {
      const content = one.isNational ? nationalContent(province, urls) : provinceContent(province, urls);
      const config = write(`case-${at}`, one.change?.(content) ?? content);
      if (one.code === "FILE_EXISTS") write("duijie", content);
      const given = Object.entries(one.env ?? {}).map(([name, value]) => [name, more[value] ?? value]);
      const env = { DUIJIE_CONFIG: config, ...nodeEnvironment(urls), ...Object.fromEntries(given) };
      for (const language of languages) {
        const args = one.args.map((arg) => arg.replace("FOLDER", folder));
        const rows = args.includes("--dry-run") ? ["--out", join(folder, `out-${at}-${language}`)] : [];
        const { exitCode, err, out } = await runCli([...args, ...rows], { language, env });
        expect(exitCode, out + err).to.equal(one.exitCode);
        // `check` answers in its table, everything else on standard error.
        const said = args[0] === "check" && err === "" ? out : err;
        expect(said).to.include(one.code);
        if (one.found !== undefined) expect(said).to.include(one.found);
        const remedy = createTexts(language)("cli.error.remedy", { remedy: "" }).trimEnd();
        expect(said).to.include(remedy);
        expect(said, "a text without its parameters").not.to.match(/\{\{|\[[^\]]*\}\}/);
        expect(out + err, "a driver's text, or a secret").not.to.match(
          /connect ECONNREFUSED|relation "|column "[^"]*" does|permission denied|password authentication|:secret@|:wrong@|node_modules/,
        );
      }
    });
  }
});
