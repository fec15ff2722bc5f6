import type { KafkaConfig } from "../../config/config.ts";
import { mappingTargets } from "../../config/mapping-targets.ts";
import { DuijieError } from "../../contracts/errors.ts";
import type { Texts } from "../../contracts/texts.ts";
import { loadedTables } from "../../exchange-db/mapping-versions.ts";
import { exchangeMigrations } from "../../exchange-db/migrations/index.ts";
import { nationalMigrations } from "../../national/migrations/index.ts";
import { placeOf } from "../../pipeline/broker/postgres-session.ts";
import { topicName } from "../../pipeline/topics.ts";
import type { Nation, Province } from "../compose.ts";
import { exchangeRights, nationalRights } from "../daemon-rights.ts";
import { toSourceEntities } from "../sources.ts";
import { checkDatabase } from "./check-database.ts";
import { asked, type CheckLine, okLine } from "./check-line.ts";
import { checkRegistry } from "./check-registry.ts";

/** Everything that a province's node needs, each asked by itself, so that one fault never hides the next. */
export async function checkProvince(
  province: Province,
  texts: Texts,
  signal: AbortSignal,
): Promise<readonly CheckLine[]> {
  const database = await checkDatabase(
    {
      store: province.uncheckedStore,
      part: "exchange-db",
      schema: "exchange",
      migrations: exchangeMigrations,
      rights: exchangeRights(),
      province: province.code,
    },
    texts,
  );
  const { config, connector } = province;
  const registry = await checkRegistry(config, connector, toSourceEntities(config), texts, signal);
  const mappings = database.every((line) => line.ok) ? await checkMappings(province, texts) : [];
  const keys = await asked(texts, "keys", config.keys.signing.id, async () => {
    const { ring } = await province.keys();
    return [...ring.keys()].join(", ");
  });
  const trial = trialLine(config.kafka, texts);
  return [...database, ...registry, ...mappings, keys, ...trial, await checkTopics(province, texts)];
}

async function checkMappings(province: Province, texts: Texts): Promise<readonly CheckLine[]> {
  const loaded = await loadedTables(await province.store(), province.code);
  const lines = [...mappingTargets(province.config)].map(
    async ([table, target]) =>
      await asked(texts, "mappings", table, () => {
        const found = loaded.find((one) => one.table === table);
        if (found === undefined) {
          return Promise.reject(new DuijieError("MAPPING_MISSING", { rule: table, target }));
        }
        return Promise.resolve(texts("cli.check.table", { entries: found.entries, target }));
      }),
  );
  return await Promise.all(lines);
}

/** A log in PostgreSQL works, but nobody should take it for Kafka. */
function trialLine({ client, url }: KafkaConfig, texts: Texts): readonly CheckLine[] {
  if (client !== "postgres") return [];
  const place = placeOf(url?.reveal() ?? "");
  return [
    okLine("kafka", texts("cli.check.broker"), `PostgreSQL ${place}`, texts("cli.broker.trial", { place })),
  ];
}

/** The nation creates them: without them no word of this province has an end to arrive at. */
async function checkTopics(province: Province, texts: Texts): Promise<CheckLine> {
  return await asked(texts, "kafka", texts("cli.check.topics"), async () => {
    const { code } = province;
    const wanted = [
      topicName(code, "up", "data"),
      topicName(code, "up", "control"),
      topicName(code, "down", "control"),
    ];
    const found = await (await province.silentBroker()).topics(wanted);
    const missing = wanted.filter((topic) => !found.has(topic));
    if (missing.length > 0) throw new DuijieError("TOPIC_MISSING", { topic: missing.join(", ") });
    return wanted.map((topic) => `${topic} (${found.get(topic) ?? 0})`).join(", ");
  });
}

/** The same of the national node. Its topics are created when it starts, so missing ones are no fault. */
export async function checkNation(nation: Nation, texts: Texts): Promise<readonly CheckLine[]> {
  const database = await checkDatabase(
    {
      store: nation.uncheckedStore,
      part: "national",
      schema: "national",
      migrations: nationalMigrations,
      rights: nationalRights(),
      province: "*",
    },
    texts,
  );
  const keys = await asked(texts, "keys", nation.config.keys.signing.id, async () => {
    const { ring } = await nation.keys();
    return [...ring.keys()].join(", ");
  });
  const topics = await asked(texts, "kafka", texts("cli.check.topics"), async () => {
    const wanted = nation.provinces.map((province) => topicName(province, "up", "data"));
    const found = await (await nation.silentBroker()).topics(wanted);
    return texts("cli.check.topicsFound", { found: found.size, wanted: wanted.length });
  });
  return [...database, keys, ...trialLine(nation.config.kafka, texts), topics];
}
