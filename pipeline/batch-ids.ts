import { DuijieError } from "../contracts/errors.ts";

/**
 * A unit closes more batches than numbers were taken for it. They are taken before the read, so that whoever reads later
 * has higher versions: more of them means reading again.
 */
export class BatchIdsShort extends DuijieError {
  readonly needed: number;

  constructor(needed: number) {
    super("INVARIANT_BROKEN", { what: "batch ids used up", needed });
    this.needed = needed;
  }
}

/** More than `rows` rows normally need: batches also close by size, and a chunk may have grown since it was planned. */
export function expectedBatchIds(rows: number, batchRows: number): number {
  return 4 + 4 * Math.ceil(rows / batchRows);
}

/** Does the work from its read on, again with more numbers where it turned out to need them. */
export async function withBatchIds<T>(expected: number, work: (count: number) => Promise<T>): Promise<T> {
  let count = expected;
  for (;;) {
    try {
      return await work(count);
    } catch (error) {
      if (!(error instanceof BatchIdsShort) || error.needed <= count) throw error;
      count = error.needed;
    }
  }
}
