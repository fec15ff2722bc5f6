/** What a Kafka client has to say: names and codes only; its texts may quote anything, payloads included. */
export interface BrokerLogEvent {
  readonly client: string;
  readonly level: "warn" | "error";
  /** `kafkajs.Connection`, `rdkafka.FAIL`. */
  readonly code: string;
}

export type BrokerLog = (event: BrokerLogEvent) => void;

const quietMs = 10_000;

/** Tells each code once in ten seconds: while a broker is away, clients say the same several times a second. */
export function withoutRepetition(log: BrokerLog, now: () => number = () => performance.now()): BrokerLog {
  const toldAt = new Map<string, number>();
  return (event) => {
    const before = toldAt.get(event.code);
    if (before !== undefined && now() - before < quietMs) return;
    toldAt.set(event.code, now());
    log(event);
  };
}
