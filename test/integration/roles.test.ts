import { expect } from "chai";
import pg from "pg";
import { exchangeRights, nationalRights, type RoleRights } from "../../cli/daemon-rights.ts";
import { ownerScript, roleScript } from "../../cli/role-scripts.ts";
import { vendorRights } from "../../cli/vendor-rights.ts";
import { exchangeViewerRights, nationalViewerRights } from "../../cli/viewer-rights.ts";
import { migrate } from "../../exchange-db/migrate.ts";
import { exchangeMigrations } from "../../exchange-db/migrations/index.ts";
import { nationalMigrations } from "../../national/migrations/index.ts";
import {
  allowedTo,
  doneBy,
  insertOf,
  type Relation,
  relationsOf,
  rowOf,
  stateOf,
} from "../support/role-matrix.ts";
import { freshDatabase } from "../support/servers.ts";

const own = "34";
const foreign = "11";

interface Role {
  readonly name: string;
  readonly rights: RoleRights;
  readonly provinces: readonly string[];
}

interface Subject {
  readonly database: "exchange" | "national";
  readonly migrations: Parameters<typeof migrate>[2];
  readonly roles: readonly Role[];
  /** Everybody's, or the owner's alone. */
  readonly withoutProvince: readonly string[];
}

/** Roles belong to the whole server: other test runs may have theirs. */
const roleName = (name: string) => `roles_${name}_${process.pid}`;

const subjects: readonly Subject[] = [
  {
    database: "exchange",
    migrations: exchangeMigrations,
    roles: [
      { name: "exchange_daemon", rights: exchangeRights(), provinces: [own] },
      { name: "exchange_neighbour", rights: exchangeRights(), provinces: [foreign] },
      { name: "exchange_viewer", rights: exchangeViewerRights(), provinces: [own] },
      { name: "exchange_vendor", rights: vendorRights(), provinces: [own] },
    ],
    withoutProvince: ["exchange.migration"],
  },
  {
    database: "national",
    migrations: nationalMigrations,
    roles: [
      { name: "national_daemon", rights: nationalRights(), provinces: ["*"] },
      { name: "national_one", rights: nationalRights(), provinces: [own] },
      { name: "national_viewer", rights: nationalViewerRights(), provinces: [own] },
    ],
    withoutProvince: ["national.migration", "ministry.region"],
  },
];

for (const subject of subjects) {
  describe(`roles of the ${subject.database} database`, function () {
    this.timeout(120_000);
    const ownerRole = roleName(`${subject.database}_owner`);
    const pooler = roleName(`${subject.database}_pooler`);
    const roleNames = [...subject.roles.map(({ name }) => roleName(name)), ownerRole, pooler];
    const { schemas, home } = (subject.roles[0] as Role).rights;
    const clients: pg.Client[] = [];
    let url: string;
    let admin: pg.Client;
    let relations: readonly Relation[];

    before(async () => {
      url = (await freshDatabase(`roles_${subject.database}`)).url;
      admin = await connect();
      await admin.query(ownerScript(ownerRole, schemas, []));
      await admin.query(`ALTER ROLE ${ownerRole} PASSWORD 'secret'`);
      await migrate(urlOf(ownerRole), subject.database, subject.migrations);
      for (const { name, provinces, rights } of subject.roles) {
        await admin.query(roleScript({ rights, role: roleName(name), provinces, comments: [] }));
        await admin.query(`ALTER ROLE ${roleName(name)} PASSWORD 'secret'`);
      }
      relations = await relationsOf(admin, schemas);
      await dropChecks();
    });

    after(async () => {
      await Promise.all(clients.map(async (client) => await client.end()));
      const last = new pg.Client({ connectionString: url });
      await last.connect();
      const there = await last.query<{ name: string }>(
        "SELECT rolname AS name FROM pg_roles WHERE rolname = ANY ($1)",
        [roleNames],
      );
      const list = there.rows.map((row) => row.name).join(", ");
      await last.query(`REASSIGN OWNED BY ${list} TO CURRENT_USER; DROP OWNED BY ${list}; DROP ROLE ${list}`);
      await last.end();
    });

    function urlOf(role: string): string {
      const changed = new URL(url);
      changed.username = role;
      changed.password = "secret";
      return changed.href;
    }

    async function connect(role?: string): Promise<pg.Client> {
      const client = new pg.Client({ connectionString: role === undefined ? url : urlOf(role) });
      await client.connect();
      clients.push(client);
      return client;
    }

    /** Rows of this test are of no meaning: only who may see and write them counts. */
    async function dropChecks(): Promise<void> {
      const { rows } = await admin.query<{ statement: string }>(
        `SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', c.conrelid::regclass, c.conname) AS statement FROM pg_constraint c
         JOIN pg_class p ON p.oid = c.conrelid WHERE c.contype = 'c' AND p.relnamespace::regnamespace::text = ANY ($1)
           AND p.relname <> 'role_province'`,
        [schemas],
      );
      const triggers = await admin.query<{ statement: string }>(
        `SELECT format('DROP TRIGGER %I ON %s', t.tgname, t.tgrelid::regclass) AS statement FROM pg_trigger t
         JOIN pg_class p ON p.oid = t.tgrelid WHERE NOT t.tgisinternal AND p.relnamespace::regnamespace::text = ANY ($1)`,
        [schemas],
      );
      for (const { statement } of [...rows, ...triggers.rows]) await admin.query(statement);
    }

    const ofProvinces = () =>
      relations.filter(
        ({ columns, name }) =>
          !name.endsWith(".role_province") && columns.some((column) => column.name === "province"),
      );
    const tables = () => ofProvinces().filter(({ isView }) => !isView);

    /** Triggers and references rest: they say nothing about rights. */
    async function seed(province: string): Promise<void> {
      await admin.query("SET session_replication_role = replica");
      for (const table of tables()) {
        const { text, values } = insertOf(table, rowOf(table, province));
        await admin.query(`${text} ON CONFLICT DO NOTHING`, [...values]);
      }
      await admin.query("RESET session_replication_role");
    }

    it("may do with each table what the list of rights says, and nothing else", async () => {
      expect(relations.length).to.be.greaterThan(12);
      for (const { name, rights } of subject.roles) {
        const client = await connect(roleName(name));
        const done: Record<string, string> = {};
        for (const relation of relations) done[relation.name] = await doneBy(client, relation);
        const allowed = relations.map((relation) => [relation.name, allowedTo(rights, relation)]);
        expect(done, name).to.deep.equal(Object.fromEntries(allowed));
      }
      const owner = await connect(ownerRole);
      for (const relation of relations) {
        const all = relation.isView ? "SELECT DROP" : "SELECT INSERT UPDATE DELETE TRUNCATE ALTER DROP";
        expect(await doneBy(owner, relation), relation.name).to.equal(all);
      }
    });

    it("may change neither schema, nor roles, nor numbers, nor what binds them", async () => {
      const statements = [
        ...schemas.map((schema) => `CREATE TABLE ${schema}.of_mine (a integer)`),
        "CREATE TABLE public.of_mine (a integer)",
        "CREATE SCHEMA of_mine",
        "CREATE ROLE of_mine",
        `SET ROLE ${ownerRole}`,
        `INSERT INTO ${home}.role_province (role_name, province) VALUES (current_user, '${foreign}')`,
        `UPDATE ${home}.role_province SET province = '${foreign}'`,
        `DELETE FROM ${home}.role_province`,
        `SELECT ${home}.protect_provinces()`,
        "SET session_replication_role = replica",
        ...(home === "exchange" ? ["SELECT setval('exchange.batch_id_seq', 1)"] : []),
        ...(home === "exchange" ? ["ALTER SEQUENCE exchange.batch_id_seq RESTART"] : []),
      ];
      for (const { name } of subject.roles) {
        const client = await connect(roleName(name));
        for (const statement of statements)
          expect(await stateOf(client, statement), `${name}: ${statement}`).to.equal("42501");
        expect(await stateOf(client, `ALTER ROLE ${roleName(name)} BYPASSRLS`)).to.equal("42501");
      }
    });

    it("have row security on each table with a province, and the province in each of its keys", async () => {
      expect(ofProvinces().length).to.be.greaterThan(10);
      const bare = relations
        .filter((relation) => !ofProvinces().includes(relation))
        .map(({ name }) => name)
        .filter((name) => !name.endsWith(".role_province"));
      expect(bare).to.have.members(subject.withoutProvince);
      const names = tables().map(({ name }) => name);
      const { rows } = await admin.query<{ name: string }>(
        `SELECT n.nspname || '.' || c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname || '.' || c.relname = ANY ($1) AND c.relrowsecurity
           AND EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid)`,
        [names],
      );
      expect(rows.map(({ name }) => name)).to.have.members(names);
      const keys = await admin.query<{ key: string }>(
        `SELECT k.relname AS key FROM pg_index i JOIN pg_class k ON k.oid = i.indexrelid JOIN pg_class c ON c.oid = i.indrelid
         JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE i.indisunique AND n.nspname || '.' || c.relname = ANY ($1)
           AND NOT EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
             AND a.attname IN ('province', 'topic'))`,
        [names],
      );
      // A school's id is the ministry's, public, and the same for the whole nation.
      const ministrys = subject.database === "national" ? ["school_pkey", "school_school_id_key"] : [];
      expect(keys.rows.map(({ key }) => key)).to.have.members(ministrys);
    });

    it("are told nothing by a key that another province has: their own row is taken, or misses its own parent", async () => {
      await seed(foreign);
      for (const { name, provinces, rights } of subject.roles.filter((role) => role.provinces[0] === own)) {
        const client = await connect(roleName(name));
        const written = tables().filter((table) => rights.tables[table.name]?.includes("INSERT"));
        for (const table of written) {
          const twin = insertOf(table, rowOf(table, provinces[0] ?? ""));
          const state = await stateOf(client, twin.text, twin.values);
          // 23503: the number of its parent exists for the neighbour alone, which is as good as not at all.
          expect([null, "23503"], `${name} ${table.name}`).to.include(state);
          const nowhere = insertOf(table, rowOf(table, own, "999"));
          expect(await stateOf(client, nowhere.text, nowhere.values), `${name} ${table.name}`).to.equal(
            state,
          );
        }
      }
    });

    it("get the same refusal for a foreign row, whether it exists or not", async () => {
      await seed(foreign);
      let asked = 0;
      for (const { name, rights } of subject.roles.filter((role) => role.provinces[0] === own)) {
        const client = await connect(roleName(name));
        for (const table of tables().filter((one) => rights.tables[one.name]?.includes("INSERT"))) {
          const existing = insertOf(table, rowOf(table, foreign));
          const fresh = insertOf(table, rowOf(table, foreign, "888"));
          for (const { text, values } of [existing, fresh]) {
            for (const conflict of ["", " ON CONFLICT DO NOTHING"])
              expect(await stateOf(client, text + conflict, values), `${name} ${table.name}`).to.equal(
                "42501",
              );
          }
          asked += 1;
        }
      }
      expect(asked).to.be.greaterThan(10);
    });

    it("see their own rows alone, and can neither change, take nor give away others'", async () => {
      await seed(foreign);
      await seed(own);
      let seen = 0;
      for (const { name, provinces, rights } of subject.roles) {
        const client = await connect(roleName(name));
        const visible = provinces[0] === "*" ? [foreign, own] : provinces;
        for (const relation of ofProvinces().filter((one) => allowedTo(rights, one).startsWith("SELECT"))) {
          const { rows } = await client.query<{ province: string }>(
            `SELECT DISTINCT province FROM ${relation.name} ORDER BY 1`,
          );
          expect(
            rows.map((row) => row.province),
            `${name} ${relation.name}`,
          ).to.deep.equal(visible);
          seen += 1;
          if (visible.length === 1) await writesNothingForeign(client, rights, relation, visible[0] ?? "");
        }
        expect(await stateOf(client, `SET row_security = off; SELECT 1 FROM ${tables()[0]?.name}`)).to.equal(
          "42501",
        );
      }
      expect(seen).to.be.greaterThan(30);
      const owner = await connect(ownerRole);
      for (const { name } of ofProvinces()) {
        const { rows } = await owner.query(`SELECT DISTINCT province FROM ${name}`);
        expect(rows, name).to.have.length(2);
      }
    });

    if (subject.database === "exchange") {
      it("count their own rows alone in the ledger, whatever number others gave to theirs", async () => {
        await seed(foreign);
        await seed(own);
        const client = await connect(roleName("exchange_viewer"));
        const { rows } = await client.query(
          "SELECT province, run_id, read, pending, quarantined FROM exchange.ledger",
        );
        expect(rows).to.deep.equal([
          { province: own, run_id: "7", read: "7", pending: "7", quarantined: "1" },
        ]);
      });
    }

    async function writesNothingForeign(
      client: pg.Client,
      rights: RoleRights,
      { columns, name }: Relation,
      mine: string,
    ): Promise<void> {
      const other = mine === own ? foreign : own;
      const isGenerated = columns.some((column) => column.name === "province" && column.isGenerated);
      const [column, value] = isGenerated ? ["topic", `duijie.${other}.down.control`] : ["province", other];
      const may = rights.tables[name] ?? [];
      if (may.includes("UPDATE")) {
        const { rowCount } = await client.query(
          `UPDATE ${name} SET ${column} = ${column} WHERE province = '${other}'`,
        );
        expect(rowCount, name).to.equal(0);
        expect(await stateOf(client, `UPDATE ${name} SET ${column} = '${value}'`), name).to.equal("42501");
      }
      if (may.includes("DELETE"))
        expect(
          (await client.query(`DELETE FROM ${name} WHERE province = '${other}'`)).rowCount,
          name,
        ).to.equal(0);
    }

    it("keep their rows apart when a pool gives one connection to one after the other", async () => {
      await seed(foreign);
      await seed(own);
      const [mine, neighbour] = subject.database === "exchange" ? ["daemon", "neighbour"] : ["one", "viewer"];
      const members = [mine, neighbour].map((name) => roleName(`${subject.database}_${name}`));
      await admin.query(
        `CREATE ROLE ${pooler} LOGIN NOINHERIT PASSWORD 'secret'; GRANT ${members.join(", ")} TO ${pooler}`,
      );
      await admin.query(
        `UPDATE ${home}.role_province SET province = '${foreign}' WHERE role_name = '${members[1]}'`,
      );
      const table = subject.database === "exchange" ? "exchange.batch" : "registry.student";
      const client = await connect(pooler);
      for (let request = 0; request < 400; request++) {
        const at = (request * 7 + (request >> 3)) % 3;
        const isPooler = at === 2;
        await client.query("BEGIN");
        if (!isPooler) await client.query(`SET LOCAL ROLE ${members[at]}`);
        // Prepared once: its plan outlives the role that it was made for.
        const answer = await client
          .query({ name: "of-all", text: `SELECT array_agg(province) AS found FROM ${table}` })
          .then(({ rows }) => rows[0].found)
          .catch((error: unknown) => (error instanceof pg.DatabaseError ? error.code : error));
        expect(answer).to.deep.equal(isPooler ? "42501" : [at === 0 ? own : foreign]);
        await client.query(request % 2 === 0 ? "COMMIT" : "ROLLBACK");
      }
    });
  });
}
