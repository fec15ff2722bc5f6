import type {
  CheckFinding,
  Connector,
  ConnectorCapabilities,
  KeyRange,
  RangeHash,
  ReadLimits,
  SourceEntity,
  SourceRow,
} from "../connectors/connector.ts";
import { shareOf } from "./source-protection.ts";

/** A connector that counts how long its readers waited for it: what tells a slow registry from a slow rest. */
export class MeasuredConnector implements Connector {
  readonly #connector: Connector;
  #waitedMs = 0;

  constructor(connector: Connector) {
    this.#connector = connector;
  }

  /** Summed over all readers. */
  get waitedMs(): number {
    return this.#waitedMs;
  }

  /** Of full speed; below 1 reading is slowed down to protect the registry. */
  get share(): number {
    return shareOf(this.#connector);
  }

  get engine(): string {
    return this.#connector.engine;
  }

  get capabilities(): ConnectorCapabilities {
    return this.#connector.capabilities;
  }

  async *readRange(
    source: SourceEntity,
    range: KeyRange,
    limits: ReadLimits,
    signal: AbortSignal,
  ): AsyncGenerator<readonly SourceRow[]> {
    let asked = performance.now();
    for await (const page of this.#connector.readRange(source, range, limits, signal)) {
      this.#waitedMs += performance.now() - asked;
      yield page;
      asked = performance.now();
    }
    this.#waitedMs += performance.now() - asked;
  }

  async check(sources: readonly SourceEntity[], signal: AbortSignal): Promise<readonly CheckFinding[]> {
    return await this.#connector.check(sources, signal);
  }

  async count(source: SourceEntity, signal: AbortSignal): Promise<number> {
    return await this.#connector.count(source, signal);
  }

  async counties(
    source: SourceEntity,
    signal: AbortSignal,
  ): Promise<readonly { county: string | null; rows: number }[]> {
    return await this.#connector.counties(source, signal);
  }

  async planRanges(
    source: SourceEntity,
    rowsPerRange: number,
    signal: AbortSignal,
  ): Promise<readonly KeyRange[]> {
    return await this.#connector.planRanges(source, rowsPerRange, signal);
  }

  async hashRange(source: SourceEntity, range: KeyRange, signal: AbortSignal): Promise<RangeHash> {
    return await this.#connector.hashRange(source, range, signal);
  }

  async close(): Promise<void> {
    await this.#connector.close();
  }
}
