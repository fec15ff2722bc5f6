/**
 * Starts PostgreSQL and, where it can run, Kafka for hand work and prints the environment that the tests read; Ctrl-C ends both.
 * `npx tsx scripts/dev-servers.ts [folder]`, default folder `.duijie/dev`.
 */
import { join } from "node:path";
import { kafkaObstacle } from "../embedded/kafka-here.ts";
import { startKafka } from "../embedded/kafka-server.ts";
import { startPostgres } from "../embedded/postgres-server.ts";

const folder = process.argv[2] ?? join(".duijie", "dev");
const log = (line: string) => console.error(line);
const [postgres, kafka] = await Promise.all([
  startPostgres({ dataFolder: join(folder, "postgres"), log }),
  kafkaObstacle(process.env) === null ? startKafka({ folder: join(folder, "kafka"), log }) : null,
]);
console.log(`export DUIJIE_TEST_POSTGRES_URL=${postgres.adminUrl}`);
if (kafka !== null) console.log(`export DUIJIE_TEST_KAFKA=${kafka.brokers.join(",")}`);

// Nothing else keeps this process alive: the servers live in sessions of their own.
const keepAlive = setInterval(() => {}, 60_000);
const stop = async () => {
  clearInterval(keepAlive);
  await Promise.allSettled([postgres.stop(), kafka?.stop()]);
};
process.once("SIGTERM", () => void stop());
process.once("SIGINT", () => void stop());
