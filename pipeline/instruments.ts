import { type Meter, noMeter } from "../contracts/meter.ts";
import type { Landing } from "../exchange-db/landing.ts";
import { traceParent } from "./envelope.ts";
import type { Stage } from "./stage.ts";

/**
 * Spans of a trace. The parent is a W3C `traceparent`, as it stands in an envelope; what runs inside gets the one of its
 * own span, to be handed on. A failure of the tracer is never one of the work.
 */
export interface Tracer {
  span<T>(
    name: string,
    parent: string | null,
    attributes: Readonly<Record<string, string | number>>,
    work: (traceParent: string) => Promise<T>,
  ): Promise<T>;
  /** A span that is over, begun at a time of `performance.now()`. */
  past(
    name: string,
    parent: string | null,
    attributes: Readonly<Record<string, string | number>>,
    startedAt: number,
  ): void;
}

/** Without tracing everything of a chunk carries the one id that the chunk was given. */
export const noTracer: Tracer = Object.freeze({
  span: async <T>(
    _name: string,
    parent: string | null,
    _attributes: Readonly<Record<string, string | number>>,
    work: (traceParent: string) => Promise<T>,
  ) => await work(parent ?? traceParent()),
  past: () => undefined,
});

export interface Instruments {
  readonly meter: Meter;
  readonly tracer: Tracer;
}

export const noInstruments: Instruments = Object.freeze({ meter: noMeter, tracer: noTracer });

export interface StageContext {
  /** An entity, or `none`. */
  readonly entity: string;
  readonly parent: string | null;
}

/** One stage of one unit of work, timed and traced; `work` gets the traceparent of its span. */
export async function instrumented<T>(
  { meter, tracer }: Instruments,
  stage: string,
  { entity, parent }: StageContext,
  work: (traceParent: string) => Promise<T>,
): Promise<T> {
  return await tracer.span(stage, parent, { entity }, async (own) => {
    const started = performance.now();
    try {
      return await work(own);
    } finally {
      meter.observe("duijie_stage_seconds", { stage, entity }, (performance.now() - started) / 1000);
    }
  });
}

/** The same stage with its time taken and its span made. */
export function instrumentedStage<In, Out>(
  stage: Stage<In, Out>,
  instruments: Instruments,
  context: StageContext,
): Stage<In, Out> {
  return {
    name: stage.name,
    run: async (input, signal) =>
      await instrumented(instruments, stage.name, context, async () => await stage.run(input, signal)),
  };
}

/** Pages as they come. Their seconds are those spent waiting for them: what is done with a page is another stage's time. */
export async function* instrumentedPages<T>(
  pages: AsyncIterable<T>,
  { meter, tracer }: Instruments,
  stage: string,
  { entity, parent }: StageContext,
): AsyncGenerator<T> {
  const started = performance.now();
  let waitedMs = 0;
  let asked = started;
  try {
    for await (const page of pages) {
      waitedMs += performance.now() - asked;
      yield page;
      asked = performance.now();
    }
    waitedMs += performance.now() - asked;
  } finally {
    meter.observe("duijie_stage_seconds", { stage, entity }, waitedMs / 1000);
    tracer.past(stage, parent, { entity }, started);
  }
}

/** What one landing kept: batches, and parked records by code. */
export function countLanded(meter: Meter, entity: string, batches: Landing["batches"]): void {
  meter.count("duijie_batches_landed_total", { entity }, batches.length);
  const codes = new Map<string, number>();
  for (const { exceptions } of batches)
    for (const { code } of exceptions) codes.set(code, (codes.get(code) ?? 0) + 1);
  for (const [code, records] of codes)
    meter.count("duijie_records_quarantined_total", { entity, code }, records);
}
