import { DuijieError } from "../../contracts/errors.ts";
import { AssignedPartitions, type PartitionName } from "./assigned-partitions.ts";
import type { BrokerOptions, ConsumeOptions, Consumer } from "./broker.ts";
import { endsWithin } from "./deadline.ts";
import { postgresError } from "./postgres-errors.ts";
import { PostgresGroup } from "./postgres-group.ts";
import { channel } from "./postgres-log.ts";
import { PostgresReader } from "./postgres-reader.ts";
import { PostgresSession } from "./postgres-session.ts";

const hintIntervalMs = 5_000;
/** NOTIFY wakes a consumer; this is for the word that got lost. */
const lookIntervalMs = 1_000;
const backoffMs = { first: 200, most: 5_000 };
/** Tries in a row that may find a topic missing: the log may be on its way back from a backup. */
const missingTopicTries = 8;

/** When something that happens again and again is due. */
class Due {
  readonly #intervalMs: number;
  #at = 0;

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  get leftMs(): number {
    return this.#at - performance.now();
  }

  /** True once an interval. */
  take(): boolean {
    if (this.leftMs > 0) return false;
    this.#at = performance.now() + this.#intervalMs;
    return true;
  }

  now(): void {
    this.#at = 0;
  }
}

/**
 * A member of a consumer group on the log in PostgreSQL. One loop beats, takes and reads, on one connection; deliveries
 * go on beside it, so that heartbeats never depend on how long one takes.
 */
export class PostgresConsumer implements Consumer {
  readonly failure: Promise<never>;
  readonly #options: ConsumeOptions;
  readonly #session: PostgresSession;
  readonly #group: PostgresGroup;
  readonly #reader: PostgresReader;
  readonly #partitions: AssignedPartitions;
  readonly #hints = new Map<string, PartitionName & { next: bigint }>();
  readonly #due: { readonly beat: Due; readonly look: Due; readonly hint: Due };
  #member: string | null = null;
  #generation = -1n;
  /** `asking`: nothing is held, our share is wanted. `letting go`: deliveries of the share before still end. */
  #share: "held" | "letting go" | "asking" = "asking";
  #seenAt = performance.now();
  #failures = 0;
  #loop: Promise<void> = Promise.resolve();
  #isStopping = false;
  #isStopped = false;
  #isAwake = false;
  #wake: () => void = () => undefined;
  #giveUp: (error: DuijieError) => void = () => undefined;

  constructor(broker: BrokerOptions & { readonly url: string }, options: ConsumeOptions) {
    this.#options = options;
    this.failure = new Promise((_resolve, reject) => {
      this.#giveUp = reject;
    });
    // Nobody has to look at it.
    this.failure.catch(() => undefined);
    this.#session = new PostgresSession({
      url: broker.url,
      clientId: broker.clientId,
      timeoutMs: broker.requestTimeoutMs,
      patienceMs: 0,
      first: `LISTEN ${channel}`,
      notified: (payload) => this.#notified(payload),
    });
    this.#group = new PostgresGroup(this.#session, options, broker.clientId);
    this.#reader = new PostgresReader(
      this.#session,
      options.groupId,
      () => this.#wakeUp(),
      (name, next) => this.#hints.set(`${name.topic}/${name.partition}`, { ...name, next }),
    );
    this.#partitions = new AssignedPartitions(
      options,
      (name) => this.#reader.flowOf(name),
      (error) => this.#giveUp(new DuijieError("INVARIANT_BROKEN", { what: "consumer-callback" }, error)),
    );
    this.#due = {
      beat: new Due(Math.max(Math.floor(options.sessionTimeoutMs / 10), 100)),
      look: new Due(lookIntervalMs),
      hint: new Due(hintIntervalMs),
    };
  }

  /** The first start; rejects where later ones try again. */
  async start(): Promise<void> {
    this.#member = await this.#group.join();
    this.#seenAt = performance.now();
    this.#loop = this.#run();
  }

  async stop(deadlineMs: number): Promise<void> {
    const before = performance.now();
    const leftMs = () => Math.max(deadlineMs - (performance.now() - before), 500);
    // The loop goes on meanwhile: its heartbeats keep the partitions ours.
    this.#isStopping = true;
    await endsWithin(this.#partitions.revoke(), deadlineMs);
    this.#isStopped = true;
    this.#wakeUp();
    await endsWithin(this.#loop, leftMs());
    if (this.#member !== null) await endsWithin(this.#group.leave(this.#member), leftMs());
    await endsWithin(this.#session.close(), leftMs());
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      try {
        const isMore = await this.#turn();
        this.#failures = 0;
        if (!isMore) await this.#sleep(Math.min(this.#due.beat.leftMs, this.#due.look.leftMs));
      } catch (error) {
        if (!this.#goesOnAfter(postgresError(error, { groupId: this.#options.groupId }))) return;
        await this.#sleep(Math.min(backoffMs.first * 2 ** (this.#failures - 1), backoffMs.most));
      }
    }
  }

  /** Group first, then messages; true while more may follow at once. */
  async #turn(): Promise<boolean> {
    this.#member ??= await this.#group.join();
    if (this.#due.beat.take()) await this.#beat(this.#member);
    if (this.#share === "asking" && !this.#isStopping && this.#member !== null)
      await this.#take(this.#member);
    if (this.#due.look.take()) await this.#reader.look();
    const isMore = await this.#reader.read((message) => this.#partitions.offer(message));
    if (this.#due.hint.take()) await this.#sendHints();
    return isMore;
  }

  async #beat(member: string): Promise<void> {
    const before = performance.now();
    const generation = await this.#group.beat(member);
    if (generation === null) {
      this.#struckOff();
      return;
    }
    this.#seenAt = before;
    if (generation === this.#generation) return;
    this.#generation = generation;
    if (this.#share === "held") this.#letGo();
  }

  async #take(member: string): Promise<void> {
    const taken = await this.#group.take(member, this.#generation);
    if (taken === "fenced") this.#struckOff();
    if (taken === "another generation") this.#due.beat.now();
    if (typeof taken === "string") return;
    this.#share = "held";
    this.#partitions.assign(taken);
  }

  /** The group waits for our deliveries under way, as long as for a silent member. */
  #letGo(): void {
    this.#share = "letting go";
    this.#reader.letGo();
    const { sessionTimeoutMs } = this.#options;
    void endsWithin(this.#partitions.revoke(), sessionTimeoutMs).then(() => {
      this.#share = "asking";
      this.#wakeUp();
    });
  }

  /** Others have our partitions now or will soon; what we still deliver is fenced by its position's epoch. */
  #struckOff(): void {
    this.#member = null;
    this.#generation = -1n;
    if (this.#share === "held") this.#letGo();
  }

  /** False where nothing more can come of it. */
  #goesOnAfter(error: DuijieError): boolean {
    this.#failures += 1;
    const isMissing = error.code === "TOPIC_MISSING" && this.#failures >= missingTopicTries;
    if (error.code === "BROKER_REFUSED" || error.code === "INVARIANT_BROKEN" || isMissing) {
      void this.#partitions.revoke();
      this.#giveUp(error);
      return false;
    }
    // Nobody can strike us off while the database is away, but once it is back somebody may have.
    const isSilent = performance.now() - this.#seenAt > this.#options.sessionTimeoutMs;
    if (isSilent && this.#share === "held") this.#letGo();
    this.#due.beat.now();
    this.#due.look.now();
    this.#options.failed?.(error, "", -1);
    return true;
  }

  async #sendHints(): Promise<void> {
    const hints = [...this.#hints.values()];
    this.#hints.clear();
    if (hints.length > 0) await this.#group.hint(hints);
  }

  #notified(payload: string): void {
    if (payload === `group:${this.#options.groupId}`) this.#due.beat.now();
    if (payload.startsWith("message:")) this.#reader.hasNews(payload.slice("message:".length));
    // The connection broke: nothing is heard until it is open again.
    if (payload === "") this.#due.look.now();
    this.#wakeUp();
  }

  #wakeUp(): void {
    this.#isAwake = true;
    this.#wake();
  }

  async #sleep(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    if (!this.#isAwake && ms > 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        timer = setTimeout(resolve, ms);
      });
    }
    clearTimeout(timer);
    this.#isAwake = false;
  }
}
