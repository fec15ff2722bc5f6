import { type EntityName, entityNames } from "../contracts/entity.ts";
import { DuijieError, type ErrorCode } from "../contracts/errors.ts";
import type { Log } from "../contracts/log.ts";
import { contractVersions, recordValidator } from "../contracts/registry.ts";
import { recordRefusal } from "../exchange-db/refusals.ts";
import type { Store, StoreClient } from "../exchange-db/store.ts";
import type { Broker, Consumer, IncomingMessage } from "../pipeline/broker/broker.ts";
import { controlMessage, parseControl } from "../pipeline/control.ts";
import { batchEntity, traceId } from "../pipeline/envelope.ts";
import { type Instruments, instrumented, instrumentedStage, noInstruments } from "../pipeline/instruments.ts";
import { PartitionPositions } from "../pipeline/positions.ts";
import type { RegistryPort } from "../pipeline/registry-port.ts";
import type { Keyring, SigningKey } from "../pipeline/signing.ts";
import { acknowledgeStage } from "../pipeline/stages/acknowledge.ts";
import { type AppliedMessage, applyBatch, keepAnswer, refuseBatch } from "../pipeline/stages/apply.ts";
import { type ReceivedMessage, receiveStage, type ValidatorOf } from "../pipeline/stages/receive.ts";
import { topicName } from "../pipeline/topics.ts";
import { Backlog } from "./backlog.ts";

export interface NodeOptions {
  readonly store: Store;
  readonly broker: Broker;
  readonly registry: RegistryPort<StoreClient>;
  readonly key: SigningKey;
  /** The provinces' keys. */
  readonly ring: Keyring;
  readonly provinces: readonly string[];
  readonly profile: string;
  /** The reference day of rules, `YYYYMMDD`. */
  readonly today: () => string;
  /** Partitions of a province's data topic, and copies of each, where the node creates them. */
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly messageBytesMax: number;
  readonly log: Log;
  readonly retryDelayMs: number;
  readonly sessionTimeoutMs: number;
  readonly sweepMs: number;
  /** Default: nothing is counted or traced. */
  readonly instruments?: Instruments;
}

/** Of the positions in `national.consumer_position`. */
const consumer = "national-node";

/** How often a message that fails for no reason of ours is tried before it is refused: it must not stop its partition. */
const attemptsMax = 3;

/** The national node: verifies what provinces send, applies it through the registry port, answers each batch with one receipt. */
export class NationalNode {
  readonly #options: NodeOptions;
  readonly #instruments: Instruments;
  readonly #positions: PartitionPositions;
  readonly #backlog: Backlog;
  readonly #validators = new Map<string, ReturnType<ValidatorOf>>();
  readonly #attempts = new Map<string, number>();
  readonly #acknowledging = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  #consumer: Consumer | null = null;
  #timer: NodeJS.Timeout | null = null;
  #validatorsOf = "";

  constructor(options: NodeOptions) {
    this.#options = options;
    this.#backlog = new Backlog(options.broker);
    this.#instruments = options.instruments ?? noInstruments;
    this.#positions = new PartitionPositions({
      table: "national.consumer_position",
      consumer,
      store: {
        query: async (sql, values) => {
          const rows = await options.store.query(sql, values);
          return { rows, rowCount: rows.length };
        },
      },
      log: options.broker,
    });
  }

  /** Creates missing topics, sends answers that a crash left behind, then takes messages until `stop`. */
  async start(): Promise<void> {
    const { broker, log, provinces, retryDelayMs, sessionTimeoutMs, sweepMs } = this.#options;
    await broker.ensureTopics(this.#topics());
    for (const province of provinces) await this.#acknowledge(province, null);
    this.#consumer = await broker.consume({
      groupId: "duijie.national-node",
      topics: provinces.flatMap((province) => [
        topicName(province, "up", "data"),
        topicName(province, "up", "control"),
      ]),
      position: async (topic, partition) => await this.#positions.assign(topic, partition),
      deliver: async (message) => await this.#deliver(message),
      revoked: (topic, partition) => {
        this.#positions.release(topic, partition);
        return Promise.resolve();
      },
      failed: (error, topic, partition) => log.warn("node.delivery.failed", { topic, partition }, error),
      retryDelayMs,
      sessionTimeoutMs,
    });
    this.#timer = setInterval(() => {
      for (const province of provinces) this.#acknowledgeSoon(province, null);
    }, sweepMs);
  }

  /** Rejects when the node can't go on by itself. */
  async failure(): Promise<never> {
    if (this.#consumer === null) throw new DuijieError("INVARIANT_BROKEN", { what: "node not started" });
    return await this.#consumer.failure;
  }

  async stop(deadlineMs: number): Promise<void> {
    this.#stopping.abort();
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#consumer?.stop(deadlineMs);
    await Promise.all(this.#acknowledging);
  }

  async #deliver(message: IncomingMessage): Promise<bigint | null> {
    const admitted = await this.#positions.admit(message);
    if (admitted === "skip") return null;
    if (admitted !== "apply") return admitted.seek;
    const place = `${message.topic}/${message.partition}/${message.offset}`;
    try {
      const { received, applied } = await this.#options.store.transaction(async (client) => {
        await this.#positions.advance(client, message);
        return await this.#take(client, message, (this.#attempts.get(place) ?? 0) >= attemptsMax);
      });
      this.#positions.committed(message);
      this.#attempts.delete(place);
      if (received !== null) this.#applied(received, applied);
      return null;
    } catch (error) {
      const isOurs =
        error instanceof DuijieError && (error.disposition === "retry" || error.code === "POSITION_LOST");
      if (!isOurs) this.#attempts.set(place, (this.#attempts.get(place) ?? 0) + 1);
      throw error;
    }
  }

  /** After the commit: it is said and answered only now. */
  #applied(
    { envelope, province, type }: ReceivedMessage,
    { answers, refusal, traceParent }: AppliedMessage,
  ): void {
    const fields = { messageId: envelope.id, messageType: type.name, traceId: traceId(envelope.traceParent) };
    if (refusal === null) this.#options.log.event("message.applied", fields);
    if (answers.length > 0) this.#acknowledgeSoon(province, answers, traceParent ?? envelope.traceParent);
  }

  async #take(
    client: StoreClient,
    message: IncomingMessage,
    isGivenUp: boolean,
  ): Promise<{ received: ReceivedMessage | null; applied: AppliedMessage }> {
    let received: ReceivedMessage;
    try {
      received = await this.#receive(message);
    } catch (error) {
      return { received: null, applied: await this.#refuse(client, message, refusalOf(error)) };
    }
    try {
      const applied = isGivenUp
        ? await refuseBatch(client, this.#apply(), received)
        : await this.#effect(client, received);
      if (applied.refusal !== null) await this.#refuse(client, message, applied.refusal);
      return { received, applied };
    } catch (error) {
      return { received, applied: await this.#refuse(client, message, refusalOf(error)) };
    }
  }

  async #effect(client: StoreClient, received: ReceivedMessage): Promise<AppliedMessage> {
    const { name, version } = received.type;
    const entity = batchEntity(name);
    if (entity !== null) return await this.#applyBatch(client, received, entity);
    if (name !== "hello" && name !== "digest-request") {
      throw new DuijieError("MESSAGE_TYPE_UNKNOWN", { type: received.envelope.type });
    }
    if (version !== 1) throw new DuijieError("CONTRACT_VERSION_UNKNOWN", { type: received.envelope.type });
    return name === "hello" ? await this.#welcome(client, received) : await this.#digests(client, received);
  }

  async #receive(message: IncomingMessage): Promise<ReceivedMessage> {
    // Not proven yet: it says where a span hangs and decides nothing.
    const parent = message.headers["traceparent"] ?? null;
    const context = { entity: "none", parent };
    const stage = instrumentedStage(receiveStage(this.#options.ring), this.#instruments, context);
    return await stage.run(message, this.#stopping.signal);
  }

  /** The receipt carries the traceparent of its own application on. */
  async #applyBatch(
    client: StoreClient,
    received: ReceivedMessage,
    entity: EntityName,
  ): Promise<AppliedMessage> {
    const context = { entity, parent: received.envelope.traceParent };
    return await instrumented(this.#instruments, "apply", context, async (traceParent) => {
      const envelope = { ...received.envelope, traceParent };
      const applied = await applyBatch(client, this.#apply(), { ...received, envelope });
      return { ...applied, traceParent };
    });
  }

  async #welcome(client: StoreClient, received: ReceivedMessage): Promise<AppliedMessage> {
    const { nonce } = parseControl("hello", received.message.value);
    await this.#backlog.requireRead(client, consumer, received.province, nonce);
    const highest = await client.query<{ id: string }>(
      "SELECT coalesce(max(batch_id), 0) AS id FROM national.inbox WHERE province = $1",
      [received.province],
    );
    const contracts = Object.fromEntries(entityNames.map((entity) => [entity, contractVersions(entity)]));
    const value = { nonce, highestBatchId: highest.rows[0]?.id ?? "0", contracts };
    return await this.#answer(
      client,
      received,
      controlMessage("welcome", value, this.#frame(received, "welcome")),
    );
  }

  async #digests(client: StoreClient, received: ReceivedMessage): Promise<AppliedMessage> {
    const { askedId } = parseControl("digest-request", received.message.value);
    const digests = await this.#options.registry.digests(client, received.province);
    return await this.#answer(
      client,
      received,
      controlMessage("digest", { askedId, digests }, this.#frame(received, "digest")),
    );
  }

  #frame(received: ReceivedMessage, name: string) {
    const id = `${name}-${received.envelope.id}`;
    const { traceParent } = received.envelope;
    return { id, source: "nation" as const, key: this.#options.key, traceParent, recordCount: null };
  }

  async #answer(
    client: StoreClient,
    received: ReceivedMessage,
    answer: ReturnType<typeof controlMessage>,
  ): Promise<AppliedMessage> {
    await keepAnswer(client, received.province, received.envelope.id, answer);
    return { answers: [answer.id], refusal: null };
  }

  async #refuse(client: StoreClient, message: IncomingMessage, code: ErrorCode): Promise<AppliedMessage> {
    await recordRefusal(client, "national", message, code);
    const { topic, partition, offset } = message;
    this.#options.log.warn("message.refused", { code, topic, partition, offset });
    return { answers: [], refusal: code };
  }

  #apply() {
    const { key, registry } = this.#options;
    return { registry, key, accepted: contractVersions, validatorOf: this.#validatorOf };
  }

  /** Compiled once for a day: the reference day is part of the rules. */
  readonly #validatorOf: ValidatorOf = (entity: EntityName, version: number) => {
    const today = this.#options.today();
    if (today !== this.#validatorsOf) this.#validators.clear();
    this.#validatorsOf = today;
    const id = `${entity}:${version}`;
    const known = this.#validators.get(id);
    if (known !== undefined) return known;
    const validate = recordValidator(entity, this.#options.profile, { today });
    this.#validators.set(id, validate);
    return validate;
  };

  #acknowledgeSoon(
    province: string,
    messageIds: readonly string[] | null,
    parent: string | null = null,
  ): void {
    const sending = this.#acknowledge(province, messageIds, parent).catch((error: unknown) => {
      // The answer is kept; the timer sends it.
      this.#options.log.warn("answer.not-sent", { province }, error);
    });
    this.#acknowledging.add(sending);
    void sending.finally(() => this.#acknowledging.delete(sending));
  }

  async #acknowledge(
    province: string,
    messageIds: readonly string[] | null,
    parent: string | null = null,
  ): Promise<void> {
    const { broker, store } = this.#options;
    const stage = acknowledgeStage({ store, broker });
    const request = { province, messageIds };
    // A look for what a crash left behind belongs to no chunk, and is no span of any trace.
    const isLook = messageIds === null;
    const measured = isLook ? stage : instrumentedStage(stage, this.#instruments, { entity: "none", parent });
    await measured.run(request, this.#stopping.signal);
  }

  #topics() {
    const { messageBytesMax, partitions, provinces, replicationFactor } = this.#options;
    const config = { "max.message.bytes": String(messageBytesMax), "compression.type": "producer" };
    return provinces.flatMap((province) => [
      { topic: topicName(province, "up", "data"), partitions, replicationFactor, config },
      { topic: topicName(province, "up", "control"), partitions: 1, replicationFactor, config },
      { topic: topicName(province, "down", "control"), partitions: 1, replicationFactor, config },
    ]);
  }
}

/** The code of a message that is refused; anything else is no judgement of the message and is thrown on. */
function refusalOf(error: unknown): ErrorCode {
  if (error instanceof DuijieError && error.disposition === "refuse") return error.code;
  throw error;
}
