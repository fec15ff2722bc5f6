import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

/** node-rdkafka is compiled at installation; where that failed, the pure client does the same work. */
export function builtKafkaClient(): "rdkafka" | "kafkajs" {
  try {
    const folder = join(createRequire(import.meta.url).resolve("node-rdkafka/package.json"), "..");
    return existsSync(join(folder, "build", "Release", "node-librdkafka.node")) ? "rdkafka" : "kafkajs";
  } catch {
    return "kafkajs";
  }
}
