import { join } from "node:path";
import { removeDatabase } from "../embedded/database-place.ts";
import { type KafkaServer, startKafka } from "../embedded/kafka-server.ts";
import { type MariadbServer, startMariadb } from "../embedded/mariadb-server.ts";
import { type PostgresServer, startPostgres } from "../embedded/postgres-server.ts";
import { removeServerFolder } from "../embedded/state.ts";
import { kafkaMissing } from "../test/support/broker-kind.ts";
import { hostileSettings, reasonOf } from "../test/support/mysql-server.ts";

/** One PostgreSQL and, where they can run, one Kafka and one MariaDB for all stages that need servers, on new folders. */
export class TestServers {
  #postgres: PostgresServer | undefined;
  #kafka: KafkaServer | undefined;
  #mariadb: MariadbServer | undefined;
  #mariadbMissing = "";
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** A failed start throws and leaves to `stop` what had started. */
  async start(log: (line: string) => void): Promise<void> {
    await this.#removeFolders();
    const [postgres, kafka, mariadb] = await Promise.allSettled([
      startPostgres({ dataFolder: join(this.#folder, "postgres"), log }),
      this.#startKafka(log),
      this.#startMariadb(log),
    ]);
    if (postgres.status === "fulfilled") this.#postgres = postgres.value;
    if (kafka.status === "fulfilled") this.#kafka = kafka.value ?? undefined;
    if (postgres.status === "rejected") throw postgres.reason;
    if (kafka.status === "rejected") throw kafka.reason;
    if (mariadb.status === "rejected") throw mariadb.reason;
  }

  get areUp(): boolean {
    return this.#postgres !== undefined;
  }

  /** What the tests find the servers by (`test/support/servers.ts`). */
  environment(): Record<string, string> {
    if (this.#postgres === undefined) return {};
    return {
      DUIJIE_TEST_POSTGRES_URL: this.#postgres.adminUrl,
      ...(this.#kafka === undefined ? {} : { DUIJIE_TEST_KAFKA: this.#kafka.brokers.join(",") }),
      ...(this.#mariadb === undefined ? {} : { DUIJIE_TEST_MYSQL_URL: this.#mariadb.adminUrl }),
      ...(this.#mariadbMissing === "" ? {} : { DUIJIE_TEST_MYSQL_MISSING: this.#mariadbMissing }),
    };
  }

  /** The servers' own output, which belongs to the output of the run. */
  logFiles(): string[] {
    const servers = [this.#postgres, this.#kafka, this.#mariadb];
    return servers.map((server) => server?.logFile).filter((file) => file !== undefined);
  }

  async stop(): Promise<void> {
    await Promise.allSettled([this.#postgres?.stop("immediate"), this.#kafka?.stop(), this.#mariadb?.stop()]);
    await this.#removeFolders();
  }

  /** Null where there is none to be had: the tests then use a log in PostgreSQL, and skip what is about Kafka. */
  async #startKafka(log: (line: string) => void): Promise<KafkaServer | null> {
    const reason = kafkaMissing();
    if (reason === null) return await startKafka({ folder: join(this.#folder, "kafka"), log });
    log(`no Kafka: ${reason} Brokers are logs in PostgreSQL.`);
    return null;
  }

  /** A server given by `DUIJIE_TEST_MYSQL_URL` is taken; where none is to be had, what is about it is skipped. */
  async #startMariadb(log: (line: string) => void): Promise<void> {
    if ((process.env["DUIJIE_TEST_MYSQL_URL"] ?? "") !== "") return;
    const dataFolder = join(this.#folder, "mariadb");
    try {
      this.#mariadb = await startMariadb({ dataFolder, settings: hostileSettings, log });
    } catch (error) {
      this.#mariadbMissing = reasonOf(error).en;
      log(`no MariaDB: ${this.#mariadbMissing}`);
    }
  }

  async #removeFolders(): Promise<void> {
    await removeDatabase(join(this.#folder, "mariadb"));
    await removeDatabase(join(this.#folder, "postgres"));
    await removeServerFolder(join(this.#folder, "kafka"));
  }
}
