/** What a Kafka client has to say: names and codes only; its texts may quote anything, payloads included. */
export interface BrokerLogEvent {
  readonly client: string;
  readonly level: "warn" | "error";
  /** `kafkajs.Connection`, `rdkafka.FAIL`. */
  readonly code: string;
}

export type BrokerLog = (event: BrokerLogEvent) => void;
