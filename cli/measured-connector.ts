import type { KeyRange, ReadLimits, SourceEntity, SourceRow } from "../connectors/connector.ts";
import { ForwardingConnector } from "../connectors/forwarding-connector.ts";
import { shareOf } from "./source-protection.ts";

/** A connector that counts how long its readers waited for it: what tells a slow registry from a slow rest. */
export class MeasuredConnector extends ForwardingConnector {
  #waitedMs = 0;

  /** Summed over all readers. */
  get waitedMs(): number {
    return this.#waitedMs;
  }

  /** Of full speed; below 1 reading is slowed down to protect the registry. */
  get share(): number {
    return shareOf(this.inner);
  }

  override async *readRange(
    source: SourceEntity,
    range: KeyRange,
    limits: ReadLimits,
    signal: AbortSignal,
  ): AsyncGenerator<readonly SourceRow[]> {
    let asked = performance.now();
    for await (const page of this.inner.readRange(source, range, limits, signal)) {
      this.#waitedMs += performance.now() - asked;
      yield page;
      asked = performance.now();
    }
    this.#waitedMs += performance.now() - asked;
  }
}
