/**
 * One step of a record's way. A stage works on a whole unit (a chunk, a batch, a message), neither logs nor retries for
 * itself, and says what went wrong by the outcome of each record or by throwing a DuijieError.
 */
export interface Stage<In, Out> {
  readonly name: string;
  run(input: In, signal: AbortSignal): Promise<Out>;
}
