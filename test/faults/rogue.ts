import { createHash, generateKeyPairSync, type KeyObject } from "node:crypto";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { ErrorCode } from "../../contracts/errors.ts";
import type { OutgoingMessage } from "../../pipeline/broker/broker.ts";
import { batchType, buildHeaders, type Headers, type Party } from "../../pipeline/envelope.ts";
import { loadSigningKey, type SigningKey, sign } from "../../pipeline/signing.ts";
import { topicName } from "../../pipeline/topics.ts";
import type { FaultSpec } from "./fault.ts";
import type { Side } from "./fault-servers.ts";
import type { FaultWorld } from "./fault-world.ts";

export interface Batch {
  readonly batchId: string;
  readonly state: "sealed" | "published" | "settled";
  readonly headers: Headers;
  readonly bytes: Buffer;
}

/** A refusal that has to stand in a side's record at the end, and no other. */
export interface ExpectedRefusal {
  readonly side: Side;
  readonly code: ErrorCode;
  /** SHA-256 of the message's value. */
  readonly digest: string;
  /** A batch number that was never the province's: it stands in the nation's inbox, refused. */
  readonly batchId: string | null;
}

/** What somebody with access to the topics, and partly to keys, did there. */
export interface RogueWork {
  readonly sent: number;
  readonly refusals: readonly ExpectedRefusal[];
  readonly what: string;
}

interface Forgery {
  readonly message: OutgoingMessage;
  readonly side: Side;
  readonly code: ErrorCode;
  readonly batchId?: string;
}

const partitions = 4;

/** Writes the messages of a fault beside the ones that are on their way. */
export async function disturbMessages(world: FaultWorld, spec: FaultSpec): Promise<RogueWork> {
  if (spec.kind === "duplicate") return await duplicate(world, spec);
  if (spec.kind === "reorder") return await reorder(world, spec);
  const forgeries = await forgeriesOf(world, spec);
  await world.eyes.broker.send(forgeries.map(({ message }) => message));
  const refusals = forgeries.map(({ batchId = null, code, message, side }) => ({
    side,
    code,
    digest: createHash("sha256").update(message.value).digest("hex"),
    batchId,
  }));
  return { sent: forgeries.length, refusals, what: forgeries.map(({ code }) => code).join(" ") };
}

/** The same bytes again, to the same partition and to another one: what is on its way first. */
async function duplicate(world: FaultWorld, spec: FaultSpec): Promise<RogueWork> {
  const batches = await batchesOf(world, 6);
  const copies = batches.flatMap((batch) => {
    const own = Number(BigInt(batch.batchId) % BigInt(partitions));
    return [own, own, (own + 1 + (spec.draw % 3)) % partitions].map((partition) =>
      dataMessage(world, partition, batch.headers, batch.bytes),
    );
  });
  await world.eyes.broker.send(copies);
  return { sent: copies.length, refusals: [], what: `batches ${namesOf(batches)}, three times each` };
}

/** Newest first, all in one partition: old versions come after newer ones, and before their own first copies. */
async function reorder(world: FaultWorld, spec: FaultSpec): Promise<RogueWork> {
  const batches = (await batchesOf(world, 12)).toSorted((one, other) =>
    Number(BigInt(other.batchId) - BigInt(one.batchId)),
  );
  const partition = spec.draw % partitions;
  await world.eyes.broker.send(
    batches.map((batch) => dataMessage(world, partition, batch.headers, batch.bytes)),
  );
  return { sent: batches.length, refusals: [], what: `batches ${namesOf(batches)} in this order` };
}

async function forgeriesOf(world: FaultWorld, spec: FaultSpec): Promise<readonly Forgery[]> {
  const [live] = await batchesOf(world, 1);
  if (live === undefined) throw new Error("no batch was ever sent");
  if (spec.kind === "forge-receipt") return await forgedReceipts(world, live);
  const keys = await keysOf(world);
  const number = await unusedNumber(world, spec);
  return spec.kind === "corrupt"
    ? await corrupted(world, spec, { live, key: keys.province, number })
    : forged(world, { live, keys, number });
}

interface Material {
  readonly live: Batch;
  readonly key: SigningKey;
  /** A batch number that the province never gave. */
  readonly number: bigint;
}

/** Damaged on the way (the signature says so), and damaged by whoever signs. */
async function corrupted(
  world: FaultWorld,
  spec: FaultSpec,
  material: Material,
): Promise<readonly Forgery[]> {
  const { key, live, number } = material;
  const settled = await settledBatch(world);
  const up = (headers: Headers, value: Buffer) => dataMessage(world, spec.draw % partitions, headers, value);
  const signed = (id: string, type: string, value: Buffer) =>
    up(sign(envelope(world.province, id, type, key), value, key), value);
  const invalid = (message: OutgoingMessage): Forgery => ({
    message,
    side: "national",
    code: "SIGNATURE_INVALID",
  });
  const answered = (id: bigint, code: ErrorCode, type: string, value: Buffer): Forgery => ({
    message: signed(String(id), type, value),
    side: "national",
    code,
    batchId: String(id),
  });
  const { ce_signature: _signature, ...unsigned } = live.headers;
  return [
    invalid(up(live.headers, flipped(live.bytes, spec.draw))),
    invalid(up(live.headers, live.bytes.subarray(0, live.bytes.length - 1 - (spec.draw % 50)))),
    invalid(up({ ...live.headers, ce_id: String(number) }, marked(live.bytes, 1))),
    invalid(up(unsigned, marked(live.bytes, 2))),
    invalid(up({}, marked(live.bytes, 3))),
    answered(number + 1n, "MESSAGE_MALFORMED", batchType("student", 1), Buffer.from("no gzip at all")),
    answered(number + 2n, "MESSAGE_MALFORMED", batchType("student", 1), gzipSync(`{"records":[${spec.draw}`)),
    answered(
      number + 3n,
      "CONTRACT_VERSION_UNKNOWN",
      batchType("student", 99),
      gzipSync(`{"v":${spec.draw}}`),
    ),
    {
      message: signed(settled.batchId, batchType("student", 1), gzipSync(`{"other":"bytes ${spec.draw}"}`)),
      side: "national",
      code: "MESSAGE_ID_REUSED",
    },
    {
      message: signed(`rumour-${spec.number}`, "rumour.v1", gzipSync(`{"rumour":${spec.draw}}`)),
      side: "national",
      code: "MESSAGE_TYPE_UNKNOWN",
    },
  ];
}

/** Well made by somebody who may not: a stranger, the nation's key, the right key in another province's name. */
function forged(
  world: FaultWorld,
  { keys, live, number }: { live: Batch; keys: Keys; number: bigint },
): readonly Forgery[] {
  const province = world.province;
  const make = (source: Party, key: SigningKey, code: ErrorCode, mark: string): Forgery => {
    const bytes = emptyBatch(world.province, mark);
    const headers = sign(envelope(source, String(number), batchType("student", 1), key), bytes, key);
    return { message: dataMessage(world, 0, headers, bytes), side: "national", code };
  };
  const stranger = { id: keys.province.id, privateKey: newKey() };
  const inner = emptyBatch("35", `within, beside ${live.batchId}`);
  return [
    make(province, stranger, "SIGNATURE_INVALID", "a stranger under a known name"),
    make(province, { id: "34-99", privateKey: newKey() }, "SIGNATURE_INVALID", "an unknown key"),
    make(province, keys.nation, "SIGNATURE_INVALID", "the nation's key"),
    make("35", keys.province, "PROVINCE_FOREIGN", "another province's name"),
    make("nation", keys.province, "PROVINCE_FOREIGN", "the nation's name"),
    {
      message: dataMessage(
        world,
        1,
        sign(
          envelope(province, String(number + 5n), batchType("student", 1), keys.province),
          inner,
          keys.province,
        ),
        inner,
      ),
      side: "national",
      code: "PROVINCE_FOREIGN",
      batchId: String(number + 5n),
    },
  ];
}

/** "All rejected", for a batch on its way, by whoever is not the nation; and a real receipt, damaged. */
async function forgedReceipts(world: FaultWorld, live: Batch): Promise<readonly Forgery[]> {
  const keys = await keysOf(world);
  const down = (headers: Headers, value: Buffer): OutgoingMessage => ({
    topic: topicName(world.province, "down", "control"),
    partition: 0,
    headers,
    value,
  });
  const lie = (mark: number) =>
    gzipSync(
      JSON.stringify({
        batchId: live.batchId,
        entity: "student",
        wireCount: Number(live.headers["ce_recordcount"]),
        appliedCount: 0,
        refusal: "MESSAGE_MALFORMED",
        verdicts: [],
        mark,
      }),
    );
  const forge = (source: Party, key: SigningKey, code: ErrorCode, mark: number): Forgery => {
    const bytes = lie(mark);
    const id = `receipt-${world.province}-${live.batchId}`;
    return {
      message: down(sign(envelope(source, id, "receipt.v1", key), bytes, key), bytes),
      side: "exchange",
      code,
    };
  };
  const { rows } = await world.eyes.national.query<{ headers: Record<string, string>; bytes: Buffer }>(
    "SELECT headers, bytes FROM national.answer WHERE message_id LIKE 'receipt%' ORDER BY created_at DESC LIMIT 1",
  );
  const real = rows.map(({ bytes, headers }): Forgery => {
    return { message: down(headers, flipped(bytes, 77)), side: "exchange", code: "SIGNATURE_INVALID" };
  });
  return [
    forge("nation", { id: keys.nation.id, privateKey: newKey() }, "SIGNATURE_INVALID", 1),
    forge("nation", keys.province, "SIGNATURE_INVALID", 2),
    forge(world.province, keys.nation, "PROVINCE_FOREIGN", 3),
    ...real,
  ];
}

/** The published form; the mark tells its bytes from others'. */
function emptyBatch(province: string, mark: string): Buffer {
  return gzipSync(
    JSON.stringify({ province, entity: "student", contractVersion: 1, fields: [mark], records: [] }),
  );
}

function envelope(source: Party, id: string, type: string, key: SigningKey): Headers {
  return buildHeaders({
    id,
    source,
    type,
    mappingVersion: 1,
    recordCount: 0,
    keyId: key.id,
    encryptionKeyId: null,
    traceParent: null,
  });
}

function dataMessage(world: FaultWorld, partition: number, headers: Headers, value: Buffer): OutgoingMessage {
  return { topic: topicName(world.province, "up", "data"), partition, headers, value };
}

/** What is on its way first, then what was settled last. */
async function batchesOf(world: FaultWorld, count: number): Promise<readonly Batch[]> {
  const { rows } = await world.eyes.exchange.query<Batch>(
    `SELECT b.batch_id::text AS "batchId", b.state, p.headers, p.bytes
     FROM exchange.batch b JOIN exchange.batch_payload p USING (batch_id)
     ORDER BY b.state = 'settled', b.state = 'sealed', b.batch_id DESC LIMIT $1`,
    [count],
  );
  return rows;
}

async function settledBatch(world: FaultWorld): Promise<{ batchId: string }> {
  const { rows } = await world.eyes.national.query<{ batchId: string }>(
    `SELECT batch_id::text AS "batchId" FROM national.inbox WHERE refusal_code IS NULL ORDER BY batch_id DESC LIMIT 1`,
  );
  const [row] = rows;
  if (row === undefined) throw new Error("the nation took no batch yet");
  return row;
}

/** Far above: the nation has to tell the province, who then begins above it. */
async function unusedNumber(world: FaultWorld, spec: FaultSpec): Promise<bigint> {
  const { rows } = await world.eyes.exchange.query<{ last: string }>(
    "SELECT last_value AS last FROM exchange.batch_id_seq",
  );
  const seen = await world.eyes.national.query<{ last: string }>(
    "SELECT coalesce(max(batch_id), 0) AS last FROM national.inbox",
  );
  const highest = [...rows, ...seen.rows]
    .map(({ last }) => BigInt(last))
    .reduce((one, two) => (one > two ? one : two), 0n);
  return highest + 1_000_000n + BigInt(spec.number) * 100n;
}

interface Keys {
  readonly province: SigningKey;
  readonly nation: SigningKey;
}

async function keysOf(world: FaultWorld): Promise<Keys> {
  const load = async (id: string, owner: string) =>
    await loadSigningKey(id, join(world.nodes.folder, "keys", `${owner}.key`));
  return {
    province: await load(`${world.province}-1`, world.province),
    nation: await load("nation-1", "nation"),
  };
}

function newKey(): KeyObject {
  return generateKeyPairSync("ed25519").privateKey;
}

function flipped(bytes: Buffer, draw: number): Buffer {
  const copy = Buffer.from(bytes);
  const at = (draw * 7919) % copy.length;
  copy[at] = (copy[at] ?? 0) ^ (1 << (draw % 8));
  return copy;
}

/** Other bytes, so that each forgery is told from the others by its digest. */
function marked(bytes: Buffer, mark: number): Buffer {
  return Buffer.concat([bytes, Buffer.from([mark])]);
}

function namesOf(batches: readonly Batch[]): string {
  return batches.map(({ batchId, state }) => `${batchId} ${state}`).join(", ");
}
