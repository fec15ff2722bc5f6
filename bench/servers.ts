import { join } from "node:path";
import { packageRoot } from "../contracts/package-root.ts";
import { removeDatabase } from "../embedded/database-place.ts";
import type { DemoUrls } from "../embedded/demo/demo-nodes.ts";
import { type KafkaServer, startKafka } from "../embedded/kafka-server.ts";
import { type PostgresServer, startPostgres } from "../embedded/postgres-server.ts";
import { removeServerFolder } from "../embedded/state.ts";

/** Everything of the benchmark; each run begins anew. */
export const benchFolder = join(packageRoot, ".duijie", "bench");

export interface BenchServers {
  readonly urls: DemoUrls;
  readonly postgres: PostgresServer;
  readonly kafka: KafkaServer;
  stop(): Promise<void>;
}

/** PostgreSQL and Kafka on empty folders, with the settings that users get: fsync on, commits waited for. */
export async function startBenchServers(options: {
  readonly keep: boolean;
  /** Over PostgreSQL's settings. */
  readonly settings: Readonly<Record<string, string>>;
  readonly log: (line: string) => void;
}): Promise<BenchServers> {
  const postgresFolder = join(benchFolder, "postgres");
  const kafkaFolder = join(benchFolder, "kafka");
  await Promise.all([removeDatabase(postgresFolder), removeServerFolder(kafkaFolder)]);
  const { keep, log, settings } = options;
  const postgres = await startPostgres({ dataFolder: postgresFolder, detached: keep, log, settings });
  let kafka: KafkaServer | null = null;
  const stop = async (): Promise<void> => {
    await Promise.all([kafka?.stop(), postgres.stop()]);
  };
  try {
    kafka = await startKafka({ folder: kafkaFolder, detached: keep, log });
    const urls: DemoUrls = {
      registry: await postgres.createDatabase("registry"),
      exchange: await postgres.createDatabase("exchange"),
      national: await postgres.createDatabase("national"),
      brokers: kafka.brokers,
    };
    return { urls, postgres, kafka, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
