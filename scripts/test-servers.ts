import { join } from "node:path";
import { type KafkaServer, startKafka } from "../embedded/kafka-server.ts";
import { type PostgresServer, removePostgres, startPostgres } from "../embedded/postgres-server.ts";
import { removeServerFolder } from "../embedded/state.ts";
import { kafkaMissing } from "../test/support/broker-kind.ts";

/** One PostgreSQL and, where it can run, one Kafka for all stages that need servers, on new folders. */
export class TestServers {
  #postgres: PostgresServer | undefined;
  #kafka: KafkaServer | undefined;
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** A failed start throws and leaves to `stop` what had started. */
  async start(log: (line: string) => void): Promise<void> {
    await this.#removeFolders();
    const [postgres, kafka] = await Promise.allSettled([
      startPostgres({ dataFolder: join(this.#folder, "postgres"), log }),
      this.#startKafka(log),
    ]);
    if (postgres.status === "fulfilled") this.#postgres = postgres.value;
    if (kafka.status === "fulfilled") this.#kafka = kafka.value ?? undefined;
    if (postgres.status === "rejected") throw postgres.reason;
    if (kafka.status === "rejected") throw kafka.reason;
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
    };
  }

  /** The servers' own output, which belongs to the output of the run. */
  logFiles(): string[] {
    return [this.#postgres?.logFile, this.#kafka?.logFile].filter((file) => file !== undefined);
  }

  async stop(): Promise<void> {
    await Promise.allSettled([this.#postgres?.stop("immediate"), this.#kafka?.stop()]);
    await this.#removeFolders();
  }

  /** Null where there is none to be had: the tests then use a log in PostgreSQL, and skip what is about Kafka. */
  async #startKafka(log: (line: string) => void): Promise<KafkaServer | null> {
    const reason = kafkaMissing();
    if (reason === null) return await startKafka({ folder: join(this.#folder, "kafka"), log });
    log(`no Kafka: ${reason} Brokers are logs in PostgreSQL.`);
    return null;
  }

  async #removeFolders(): Promise<void> {
    await removePostgres(join(this.#folder, "postgres"));
    await removeServerFolder(join(this.#folder, "kafka"));
  }
}
