import { expect } from "chai";
import fc from "fast-check";
import { type EntityName, entityNames } from "../../contracts/entity.ts";
import { silentLog } from "../../contracts/log.ts";
import { contractVersions, entityContract, recordValidator } from "../../contracts/registry.ts";
import { createChunks, leaseChunk, storeSegments } from "../../exchange-db/chunks.ts";
import { addsUp, ledgerOfRun } from "../../exchange-db/ledger.ts";
import type { Run } from "../../exchange-db/runs.ts";
import { ReferenceRegistry } from "../../national/reference/reference-registry.ts";
import type { Broker, IncomingMessage, OutgoingMessage } from "../../pipeline/broker/broker.ts";
import { planOf, sourceFingerprint } from "../../pipeline/entity-plan.ts";
import { takeUpParked } from "../../pipeline/parked-flow.ts";
import { keyring } from "../../pipeline/signing.ts";
import { applyBatch } from "../../pipeline/stages/apply.ts";
import { receiveStage } from "../../pipeline/stages/receive.ts";
import { settle } from "../../pipeline/stages/settle.ts";
import { topicName } from "../../pipeline/topics.ts";
import { BothSides, testKeys, today } from "../support/both-sides.ts";
import { freshDatabase } from "../support/servers.ts";
import { fillRegistry, smallProvince } from "../support/small-province.ts";

const province = "37";
const pupils = 14;

const repeatsMax = 500;

/** A network without manners: what is sent lies in a bag, is taken out in any order, and may be put back. */
class Bag implements Broker {
  readonly client = "bag";
  readonly messages: OutgoingMessage[] = [];
  /** With picks that are all alike nothing would ever be taken out. */
  repeatsLeft = repeatsMax;

  send(messages: readonly OutgoingMessage[]): Promise<void> {
    this.messages.push(...messages);
    return Promise.resolve();
  }

  consume(): Promise<never> {
    return Promise.reject(new Error("a bag is not consumed"));
  }

  ensureTopics(): Promise<void> {
    return Promise.resolve();
  }

  topics(): Promise<ReadonlyMap<string, number>> {
    return Promise.resolve(new Map());
  }

  watermarks(): Promise<{ low: bigint; high: bigint }> {
    return Promise.resolve({ low: 0n, high: 0n });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

interface Disorder {
  /** Each number picks what happens next; repeated as often as needed. */
  readonly picks: readonly number[];
  readonly batchRows: number;
  readonly chunkRows: number;
  readonly repeatPercent: number;
}

const disorder = fc.record<Disorder>({
  picks: fc.array(fc.nat(1_000_000), { minLength: 50, maxLength: 200 }),
  batchRows: fc.integer({ min: 1, max: 9 }),
  chunkRows: fc.integer({ min: 2, max: 20 }),
  repeatPercent: fc.integer({ min: 0, max: 60 }),
});

const alwaysRepeated: Disorder = {
  picks: Array.from({ length: 50 }, () => 0),
  batchRows: 5,
  chunkRows: 10,
  repeatPercent: 60,
};

describe("batches and receipts in any order, repetition and split", function () {
  this.timeout(240_000);
  const keys = testKeys(province);
  const bag = new Bag();
  const registryPort = new ReferenceRegistry();
  const ring = keyring([keys.province.verifying, keys.nation.verifying]);
  let world: BothSides;
  let registryUrl: string;

  let exchangeUrl: string;
  let nationalUrl: string;

  before(async () => {
    registryUrl = (await freshDatabase("reorder_registry")).url;
    exchangeUrl = (await freshDatabase("reorder_exchange")).url;
    nationalUrl = (await freshDatabase("reorder_national")).url;
    await fillRegistry(registryUrl, smallProvince(province, pupils));
    world = sidesWith({ batchRows: 5, chunkRows: 10 });
    await world.migrate();
  });

  after(async () => await world?.close());

  function sidesWith(sizes: { batchRows: number; chunkRows: number }): BothSides {
    return new BothSides({ province, registryUrl, exchangeUrl, nationalUrl, broker: bag, keys, ...sizes });
  }

  it("ends in the same national state, and every record in one outcome", async () => {
    await fc.assert(
      fc.asyncProperty(disorder, async (chosen) => {
        await reset(world);
        bag.messages.length = 0;
        bag.repeatsLeft = repeatsMax;
        const sides = sidesWith(chosen);
        try {
          const runs = await scramble(sides, chosen);
          for (const run of runs) {
            const ledger = await ledgerOfRun(sides.exchange, run.runId);
            expect(
              ledger.filter((line) => !addsUp(line) || line.pending > 0 || line.waiting > 0),
            ).to.deep.equal([]);
          }
          expect(await nationalState(sides)).to.deep.equal(await registryState(sides));
        } finally {
          await sides.close();
        }
      }),
      { numRuns: 6, endOnFailure: true, examples: [[alwaysRepeated]] },
    );
  });

  /** Two loads, the second with changed pupils, both landed while the first one's messages are still under way. */
  async function scramble(sides: BothSides, chosen: Disorder): Promise<readonly Run[]> {
    let at = 0;
    const pick = (below: number) => (chosen.picks[at++ % chosen.picks.length] ?? 0) % below;
    const registry = new BothSides({ ...sides.options, exchangeUrl: registryUrl }).exchange;
    const first = await landAll(sides, chosen.chunkRows, pick);
    for (let step = 0; step < 5; step++) await deliverOne(sides, pick, chosen.repeatPercent);
    await registry.query(
      "UPDATE own.student SET phone = '139' || lpad($1, 8, '0') WHERE source_key > 'p000003'",
      [String(pick(1e8))],
    );
    await registry.close();
    await sides.exchange.query("UPDATE exchange.run SET state = 'done' WHERE run_id = $1", [first.runId]);
    const second = await landAll(sides, chosen.chunkRows, pick);
    for (;;) {
      while (await deliverOne(sides, pick, chosen.repeatPercent));
      if ((await releaseAll(sides, second)) === 0) return [first, second];
    }
  }

  /** Entities in any order: the nation then misses parents, and their children wait. */
  async function landAll(sides: BothSides, chunkRows: number, pick: (below: number) => number): Promise<Run> {
    const run = await sides.openLoad();
    const signal = AbortSignal.timeout(60_000);
    const left: EntityName[] = [...entityNames];
    while (left.length > 0) {
      const [entity] = left.splice(pick(left.length), 1);
      if (entity === undefined) break;
      const { source: from } = planOf(sides.plans(), entity);
      await storeSegments(
        sides.exchange,
        province,
        entity,
        sourceFingerprint(from),
        await sides.connector.planRanges(from, chunkRows, signal),
      );
      await createChunks(sides.exchange, run.runId, province, entity);
      const flow = await sides.flow(run, entity);
      for (;;) {
        const wanted = {
          runId: run.runId,
          province,
          entity,
          owner: "test",
          leaseSeconds: 60,
          concurrentMax: 9,
        };
        const chunk = await leaseChunk(sides.exchange, wanted);
        if (chunk === null) break;
        const source = { connector: sides.connector, limits: { pageRows: 100 }, chunkRows };
        await flow.carryChunk(chunk, source, signal);
      }
    }
    return run;
  }

  /** Takes one message out of the bag, or leaves a copy in it. False: the bag is empty. */
  async function deliverOne(
    sides: BothSides,
    pick: (below: number) => number,
    repeatPercent: number,
  ): Promise<boolean> {
    if (bag.messages.length === 0) return false;
    const index = pick(bag.messages.length);
    const isRepeated = pick(100) < repeatPercent && (bag.repeatsLeft -= 1) >= 0;
    const [message] = isRepeated ? [bag.messages[index]] : bag.messages.splice(index, 1);
    if (message === undefined) return true;
    const incoming: IncomingMessage = { ...message, offset: 0n };
    const received = await receiveStage(ring).run(incoming, AbortSignal.timeout(1000));
    if (message.topic.endsWith(".up.data")) await toNation(sides, received);
    else await sides.exchange.transaction(async (client) => await settle(client, received));
    return true;
  }

  async function toNation(sides: BothSides, received: Parameters<typeof applyBatch>[2]): Promise<void> {
    const { answers } = await sides.national.transaction(
      async (client) =>
        await applyBatch(
          client,
          {
            registry: registryPort,
            key: keys.nation.signing,
            accepted: contractVersions,
            validatorOf: (entity) => recordValidator(entity, "national-2013", { today }),
          },
          received,
        ),
    );
    const rows = await sides.national.query<{ headers: Record<string, string>; bytes: Buffer }>(
      "SELECT headers, bytes FROM national.answer WHERE message_id = ANY ($1)",
      [answers],
    );
    const topic = topicName(province, "down", "control");
    await bag.send(rows.map((row) => ({ topic, partition: 0, headers: row.headers, value: row.bytes })));
  }

  async function releaseAll(sides: BothSides, run: Run): Promise<number> {
    let released = 0;
    for (const entity of entityNames) {
      const options = {
        store: sides.exchange,
        province,
        pageRows: 5,
        kind: "release" as const,
        filter: { outcomes: ["waiting" as const] },
        log: silentLog,
      };
      const flow = await sides.flow(run, entity);
      released += (
        await takeUpParked(options, planOf(sides.plans(), entity), flow, AbortSignal.timeout(30_000))
      ).released;
    }
    return released;
  }
});

async function reset(sides: BothSides): Promise<void> {
  const tables = entityNames.map((entity) => entityContract(entity).table);
  const staging = tables.flatMap((table) => [`staging.${table}`, `staging.${table}_prior`]).join(", ");
  await sides.exchange.query(
    `TRUNCATE exchange.run, exchange.segment, exchange.identifier, ${staging} CASCADE`,
  );
  await sides.national.query(
    `TRUNCATE national.inbox, national.answer, ${tables.map((table) => `registry.${table}`).join(", ")}`,
  );
}

/** All that the nation holds of the province, without versions: they differ with the split. */
async function nationalState(sides: BothSides): Promise<Record<string, unknown>> {
  const state: Record<string, unknown> = {};
  for (const entity of entityNames) {
    const { table } = entityContract(entity);
    state[entity] = await sides.national.query(
      `SELECT to_jsonb(r) - '{version,batch_id,custody_epoch,is_deleted,province}'::text[] AS row FROM registry.${table} r ORDER BY source_key`,
    );
  }
  return state;
}

/** The same of the registry: its tables look like the contract, so only types differ. */
async function registryState(sides: BothSides): Promise<Record<string, unknown>> {
  const registry = new BothSides({ ...sides.options, nationalUrl: sides.options.registryUrl }).national;
  const state: Record<string, unknown> = {};
  try {
    for (const entity of entityNames) {
      const contract = entityContract(entity);
      const typed = contract.fields.map((field) => {
        if (field.type === "date") return `${field.column}::date`;
        if (field.type === "yes-no") return `${field.column}::integer::boolean`;
        if (field.type === "integer") return `${field.column}::smallint`;
        return field.type === "decimal" ? `${field.column}::numeric(5,1)` : field.column;
      });
      state[entity] = await registry.query(
        `SELECT to_jsonb(t) AS row FROM (SELECT source_key, ${typed.join(", ")} FROM own.${contract.table}) t ORDER BY source_key`,
      );
    }
    return state;
  } finally {
    await registry.close();
  }
}
