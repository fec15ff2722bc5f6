import { removeDatabase } from "../../embedded/database-place.ts";
import { type KafkaServer, startKafka } from "../../embedded/kafka-server.ts";
import { type PostgresServer, startPostgres } from "../../embedded/postgres-server.ts";
import { removeServerFolder } from "../../embedded/state.ts";
import { testBrokerKind } from "./broker-kind.ts";
import type { BrokerPlace } from "./test-broker.ts";

/** A broker of a test's own, which it may kill: Kafka, or a PostgreSQL that holds nothing but the log. */
export class BrokerServer {
  readonly place: BrokerPlace;
  readonly #folder: string;
  #server: KafkaServer | PostgresServer;

  /** On an empty folder. */
  static async start(folder: string): Promise<BrokerServer> {
    if (testBrokerKind() === "kafka") {
      const kafka = await startKafka({ folder });
      return new BrokerServer(folder, kafka, kafka.brokers);
    }
    const postgres = await startPostgres({ dataFolder: folder });
    return new BrokerServer(folder, postgres, [await postgres.createDatabase("broker")]);
  }

  static async remove(folder: string): Promise<void> {
    if (testBrokerKind() === "kafka") await removeServerFolder(folder);
    else await removeDatabase(folder);
  }

  private constructor(folder: string, server: KafkaServer | PostgresServer, place: BrokerPlace) {
    this.#folder = folder;
    this.#server = server;
    this.place = place;
  }

  get logFile(): string {
    return this.#server.logFile;
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    await this.#server.kill();
  }

  /** Again on its folder, at the same place. */
  async restart(): Promise<void> {
    const { port } = this.#server;
    this.#server =
      testBrokerKind() === "kafka"
        ? await startKafka({ folder: this.#folder, port })
        : await startPostgres({ dataFolder: this.#folder, port });
  }
}
