import { createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { openBroker } from "../../pipeline/broker/open-broker.ts";
import { buildHeaders, type Headers } from "../../pipeline/envelope.ts";
import { sign } from "../../pipeline/signing.ts";
import { topicName } from "../../pipeline/topics.ts";
import { province, type RunbookWorld } from "./runbook-world.ts";

/** Sends the nation a message that no duijie would send, under the province's own key. */
export async function sendWrong(
  world: RunbookWorld,
  id: string,
  value: Buffer,
  change: (headers: Headers) => Headers = (headers) => headers,
): Promise<void> {
  const privateKey = createPrivateKey(readFileSync(join(world.folder, "keys", `${province}.key`)));
  const key = { id: `${province}-1`, privateKey };
  const headers = buildHeaders({
    id,
    source: province,
    type: "student.batch.v1",
    mappingVersion: 0,
    recordCount: 1,
    keyId: key.id,
    encryptionKeyId: null,
    traceParent: null,
  });
  const broker = await openBroker("kafkajs", {
    brokers: world.urls.brokers,
    clientId: "runbook",
    requestTimeoutMs: 20_000,
    messageBytesMax: 1_000_000,
  });
  try {
    const message = { headers: sign(change(headers), value, key), value };
    await broker.send([{ topic: topicName(province, "up", "data"), partition: 0, ...message }]);
  } finally {
    await broker.close();
  }
}
