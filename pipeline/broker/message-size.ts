import { DuijieError } from "../../contracts/errors.ts";
import type { OutgoingMessage } from "./broker.ts";

/** What Kafka's record and batch frames add at most. */
const frameBytes = 128;
const headerFrameBytes = 10;

/** Bytes of the message in Kafka's log, rounded up. The broker's limit is for a batch of records; ours may be a batch of one. */
export function messageBytes(message: OutgoingMessage): number {
  let bytes = frameBytes + message.value.length;
  for (const [name, value] of Object.entries(message.headers)) {
    bytes += headerFrameBytes + Buffer.byteLength(name) + Buffer.byteLength(value);
  }
  return bytes;
}

/** Throws MESSAGE_TOO_LARGE before anything is sent, the same for every client. */
export function checkSizes(messages: readonly OutgoingMessage[], bytesMax: number): void {
  for (const message of messages) {
    const bytes = messageBytes(message);
    if (bytes > bytesMax) {
      const { topic, partition } = message;
      throw new DuijieError("MESSAGE_TOO_LARGE", { topic, partition, bytes, bytesMax });
    }
  }
}

/** Splits into requests in which no partition gets more than `bytesMax`; order is kept per partition. */
export function requestsOf(
  messages: readonly OutgoingMessage[],
  bytesMax: number,
): readonly (readonly OutgoingMessage[])[] {
  const requests: OutgoingMessage[][] = [];
  let current: OutgoingMessage[] = [];
  let bytesOf = new Map<string, number>();
  for (const message of messages) {
    const key = `${message.topic}/${message.partition}`;
    const bytes = messageBytes(message);
    if (current.length > 0 && (bytesOf.get(key) ?? 0) + bytes > bytesMax) {
      requests.push(current);
      current = [];
      bytesOf = new Map();
    }
    current.push(message);
    bytesOf.set(key, (bytesOf.get(key) ?? 0) + bytes);
  }
  if (current.length > 0) requests.push(current);
  return requests;
}
