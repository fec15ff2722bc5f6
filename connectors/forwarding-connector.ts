import type {
  CheckFinding,
  Connector,
  ConnectorCapabilities,
  KeyRange,
  RangeHash,
  ReadLimits,
  SourceEntity,
  SourceRow,
} from "./connector.ts";

/** A connector around another one: what a subclass does not change goes through as it is. Probes are the inner one's own. */
export class ForwardingConnector implements Connector {
  protected readonly inner: Connector;

  constructor(inner: Connector) {
    this.inner = inner;
  }

  get engine(): string {
    return this.inner.engine;
  }

  get capabilities(): ConnectorCapabilities {
    return this.inner.capabilities;
  }

  async check(sources: readonly SourceEntity[], signal: AbortSignal): Promise<readonly CheckFinding[]> {
    return await this.inner.check(sources, signal);
  }

  async count(source: SourceEntity, signal: AbortSignal): Promise<number> {
    return await this.inner.count(source, signal);
  }

  async counties(
    source: SourceEntity,
    signal: AbortSignal,
  ): Promise<readonly { county: string | null; rows: number }[]> {
    return await this.inner.counties(source, signal);
  }

  async planRanges(
    source: SourceEntity,
    rowsPerRange: number,
    signal: AbortSignal,
  ): Promise<readonly KeyRange[]> {
    return await this.inner.planRanges(source, rowsPerRange, signal);
  }

  readRange(
    source: SourceEntity,
    range: KeyRange,
    limits: ReadLimits,
    signal: AbortSignal,
  ): AsyncIterable<readonly SourceRow[]> {
    return this.inner.readRange(source, range, limits, signal);
  }

  async hashRange(source: SourceEntity, range: KeyRange, signal: AbortSignal): Promise<RangeHash> {
    return await this.inner.hashRange(source, range, signal);
  }

  async close(): Promise<void> {
    await this.inner.close();
  }
}
