import { gzipSync } from "node:zlib";
import { expect } from "chai";
import { addsUp, ledgerOfRun } from "../../exchange-db/ledger.ts";
import type { Broker } from "../../pipeline/broker/broker.ts";
import { buildHeaders, type Envelope, type Headers } from "../../pipeline/envelope.ts";
import { type SigningKey, sign } from "../../pipeline/signing.ts";
import { topicName } from "../../pipeline/topics.ts";
import { BothSides, testKeys } from "../support/both-sides.ts";
import { brokerKinds, skipWithout } from "../support/broker-kind.ts";
import { freshDatabase } from "../support/servers.ts";
import { fillRegistry, smallProvince } from "../support/small-province.ts";
import { openAt, testBroker } from "../support/test-broker.ts";
import { until } from "../support/until.ts";

const province = "36";

interface Sent {
  readonly headers: Headers;
  readonly value: Buffer;
}

/** What goes wrong → the code it ends in; null: it is no refusal, only nothing new. */
const cases: readonly {
  title: string;
  code: string | null;
  make(good: Sent, own: SigningKey, foreign: SigningKey): Sent;
}[] = [
  { title: "a forged signature", code: "SIGNATURE_INVALID", make: (good) => forged(good) },
  {
    title: "no signature at all",
    code: "SIGNATURE_INVALID",
    make: (good) => ({ ...good, headers: unsigned(good.headers) }),
  },
  {
    title: "a message signed again with a key of nobody",
    code: "SIGNATURE_INVALID",
    make: (good, own) => resigned(good, { ...own, id: "nobody-1" }),
  },
  {
    title: "a truncated value",
    code: "SIGNATURE_INVALID",
    make: (good) => ({ ...good, value: good.value.subarray(0, 40) }),
  },
  {
    title: "another province's key on this province's topic",
    code: "PROVINCE_FOREIGN",
    make: (good, _own, foreign) => resigned(good, foreign),
  },
  {
    title: "another province as the source, under this province's key",
    code: "PROVINCE_FOREIGN",
    make: (good, own) => resigned({ ...good, headers: { ...good.headers, ce_source: "/provinces/37" } }, own),
  },
  {
    title: "records of another province, under this province's key",
    code: "PROVINCE_FOREIGN",
    make: (_good, own) => batch(own, "900001", { province: "37" }),
  },
  {
    title: "an unknown type",
    code: "MESSAGE_TYPE_UNKNOWN",
    make: (_good, own) => batch(own, "900002", {}, "pupil.batch.v1"),
  },
  {
    title: "an unknown contract version",
    code: "CONTRACT_VERSION_UNKNOWN",
    make: (_good, own) => batch(own, "900003", {}, "student.batch.v9"),
  },
  {
    title: "broken JSON",
    code: "MESSAGE_MALFORMED",
    make: (_good, own) => signed(own, "900004", gzipSync('{"province":')),
  },
  {
    title: "bytes that are no gzip",
    code: "MESSAGE_MALFORMED",
    make: (_good, own) => signed(own, "900005", Buffer.from("plain")),
  },
  {
    title: "a gzip bomb",
    code: "MESSAGE_MALFORMED",
    make: (_good, own) => signed(own, "900006", gzipSync(Buffer.alloc(40_000_000))),
  },
  {
    title: "broken UTF-8",
    code: "MESSAGE_MALFORMED",
    make: (_good, own) => signed(own, "900007", gzipSync(Buffer.from([0x22, 0xff, 0x22]))),
  },
  {
    title: "fields in another order",
    code: "MESSAGE_MALFORMED",
    make: (_good, own) => batch(own, "900008", { fields: ["key", "op"] }),
  },
  {
    title: "a record that claims another version",
    code: "MESSAGE_MALFORMED",
    make: (_good, own) => batch(own, "900009", { version: 900_010 }),
  },
  {
    title: "one key twice in a batch",
    code: "MESSAGE_MALFORMED",
    make: (_good, own) => batch(own, "900010", { copies: 2 }),
  },
  {
    title: "a batch number seen before, with other bytes",
    code: "MESSAGE_ID_REUSED",
    make: (good, own) => batch(own, good.headers["ce_id"] ?? "", { name: "别人" }),
  },
  { title: "a replay of the same bytes", code: null, make: (good) => good },
];

for (const kind of brokerKinds) {
  describe(`messages that must not be believed, messages by ${kind}`, function () {
    this.timeout(120_000);
    let broker: Broker;
    let sides: BothSides;
    let good: Sent;
    const keys = testKeys(province);
    const foreign = testKeys("37").province;

    before(async function () {
      skipWithout(this, kind);
      broker = await openAt(await testBroker(kind), {
        clientId: "refused",
        requestTimeoutMs: 20_000,
        messageBytesMax: 2_000_000,
      });
      const source = await freshDatabase("refused_registry");
      await fillRegistry(source.url, smallProvince(province, 300));
      sides = new BothSides({
        province,
        registryUrl: source.url,
        exchangeUrl: (await freshDatabase("refused_exchange")).url,
        nationalUrl: (await freshDatabase("refused_national")).url,
        broker,
        keys,
        alsoTrusted: [foreign.verifying],
      });
      await sides.migrate();
      await sides.startNode();
      await sides.startLink();
      const run = await sides.openLoad();
      expect(await sides.load(run)).to.equal("done");
      expect((await ledgerOfRun(sides.exchange, run.runId)).every(addsUp)).to.equal(true);
      good = await studentBatch(sides);
    });

    after(async () => await sides?.close());
    after(async () => await broker?.close());

    for (const { title, code, make } of cases) {
      it(`${code === null ? "answers again, and applies nothing, for" : `ends in ${code} for`} ${title}`, async () => {
        const state = await nationalState(sides);
        const refusals = await refusalsOf(sides);
        const { headers, value } = make(good, keys.province.signing, foreign.signing);
        await broker.send([{ topic: topicName(province, "up", "data"), partition: 1, headers, value }]);
        if (code === null)
          await until("the repetition was counted", async () => (await repeats(sides)) === 1);
        else
          await until(
            "the refusal was recorded",
            async () => (await refusalsOf(sides)).length === refusals.length + 1,
          );
        expect((await refusalsOf(sides)).at(-1) ?? null).to.equal(
          code === null ? (refusals.at(-1) ?? null) : code,
        );
        expect(await nationalState(sides)).to.deep.equal(state);
      });
    }

    it("goes on with good messages afterwards", async () => {
      const before = await count(sides);
      const { headers, value } = batch(keys.province.signing, "900100", {});
      await broker.send([{ topic: topicName(province, "up", "data"), partition: 1, headers, value }]);
      await until("the good batch was applied", async () => (await count(sides)) === before + 1);
    });

    it("is not believed by the province either: a receipt that the nation did not sign settles nothing", async () => {
      const envelope = {
        ...frame("receipt-forged", "receipt.v1", keys.province.signing.id),
        source: "nation" as const,
      };
      const value = gzipSync("{}");
      const headers = sign(buildHeaders(envelope), value, keys.province.signing);
      await broker.send([{ topic: topicName(province, "down", "control"), partition: 0, headers, value }]);
      await until("the province refused it", async () => {
        const rows = await sides.exchange.query<{ code: string }>("SELECT code FROM exchange.refusal");
        return rows.some((row) => row.code === "SIGNATURE_INVALID");
      });
    });
  });
}

function frame(id: string, type: string, keyId: string): Envelope {
  return {
    id,
    source: province,
    type,
    mappingVersion: 0,
    recordCount: 1,
    keyId,
    encryptionKeyId: null,
    traceParent: null,
  };
}

function signed(key: SigningKey, id: string, value: Buffer, type = "student.batch.v1", records = 1): Sent {
  const headers = buildHeaders({ ...frame(id, type, key.id), recordCount: records });
  return { headers: sign(headers, value, key), value };
}

let template: { fields: unknown; record: unknown[] } = { fields: [], record: [] };

interface Change {
  readonly province?: string;
  readonly fields?: readonly string[];
  readonly version?: number;
  readonly copies?: number;
  readonly name?: string;
}

/** A batch of one new pupil in exactly the published form, but for what `change` says. */
function batch(key: SigningKey, id: string, change: Change, type = "student.batch.v1"): Sent {
  const record = [...template.record];
  record[1] = `made-${id}`;
  record[3] = change.version ?? Number(id);
  const { fields } = template;
  if (change.name !== undefined && Array.isArray(fields)) record[fields.indexOf("name")] = change.name;
  const copies = change.copies ?? 1;
  const value = {
    province: change.province ?? province,
    entity: "student",
    contractVersion: 1,
    fields: change.fields ?? fields,
    records: Array.from({ length: copies }, () => record),
  };
  return signed(key, id, gzipSync(JSON.stringify(value)), type, copies);
}

function forged(good: Sent): Sent {
  const signature = Buffer.from(good.headers["ce_signature"] ?? "", "base64");
  signature[0] = (signature[0] ?? 0) ^ 1;
  return { ...good, headers: { ...good.headers, ce_signature: signature.toString("base64") } };
}

function unsigned(headers: Headers): Headers {
  const { ce_signature: _signature, ...rest } = headers;
  return rest;
}

function resigned(good: Sent, key: SigningKey): Sent {
  return { ...good, headers: sign(good.headers, good.value, key) };
}

async function studentBatch(sides: BothSides): Promise<Sent> {
  const { parseValue } = await import("../../pipeline/control.ts");
  const [row] = await sides.exchange.query<{ headers: Record<string, string>; bytes: Buffer }>(
    "SELECT headers, bytes FROM exchange.batch_payload JOIN exchange.batch USING (batch_id) WHERE entity = 'student' ORDER BY batch_id LIMIT 1",
  );
  if (row === undefined) throw new Error("no student batch");
  const value = parseValue(row.bytes);
  if (typeof value !== "object" || value === null || !("fields" in value) || !("records" in value))
    throw new Error("no batch");
  const records = value.records;
  if (!Array.isArray(records) || !Array.isArray(records[0])) throw new Error("no records");
  template = { fields: value.fields, record: records[0] };
  return { headers: row.headers, value: row.bytes };
}

/** Every row of the national pupils, and how many there are. */
async function nationalState(sides: BothSides): Promise<unknown> {
  return await sides.national.query(
    "SELECT count(*) AS n, md5(string_agg(s::text, '|' ORDER BY source_key)) AS digest FROM registry.student s",
  );
}

async function count(sides: BothSides): Promise<number> {
  const [row] = await sides.national.query<{ n: string }>("SELECT count(*) AS n FROM registry.student");
  return Number(row?.n);
}

async function repeats(sides: BothSides): Promise<number> {
  const [row] = await sides.national.query<{ n: string }>(
    "SELECT sum(repeats) AS n FROM national.inbox WHERE batch_id < 900000 AND repeats > 0",
  );
  return Number(row?.n) - 1;
}

async function refusalsOf(sides: BothSides): Promise<string[]> {
  const rows = await sides.national.query<{ code: string }>(
    "SELECT code FROM national.refusal ORDER BY message_offset",
  );
  return rows.map((row) => row.code);
}
