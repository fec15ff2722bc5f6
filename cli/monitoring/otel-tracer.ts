import {
  type Context,
  type Tracer as OtelTracer,
  ROOT_CONTEXT,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BasicTracerProvider, BatchSpanProcessor, type SpanExporter } from "@opentelemetry/sdk-trace-base";
import type { Log } from "../../contracts/log.ts";
import type { Tracer } from "../../pipeline/instruments.ts";
import { within } from "./deadline.ts";
import { codeOfError } from "./readiness.ts";

export interface TracerOptions {
  readonly otlpUrl: string;
  readonly role: "province" | "national";
  readonly version: string;
  readonly log: Log;
}

export interface OpenTracer {
  readonly tracer: Tracer;
  close(): Promise<void>;
}

/** How long a collector may keep an ending process. */
const closeMs = 3000;

/**
 * Spans sent by OTLP over HTTP, in batches beside the work. Parents are told, never found in a context: a span hangs where
 * the envelope says. A span has names, counts and codes; of an error its code alone.
 */
export function openTracer({ log, otlpUrl, role, version }: TracerOptions): OpenTracer {
  const exporter = loud(new OTLPTraceExporter({ url: otlpUrl, timeoutMillis: 5000 }), log);
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ "service.name": `duijie-${role}`, "service.version": version }),
    spanProcessors: [
      new BatchSpanProcessor(exporter, {
        maxQueueSize: 4096,
        maxExportBatchSize: 512,
        scheduledDelayMillis: 2000,
        exportTimeoutMillis: 5000,
      }),
    ],
  });
  return {
    tracer: tracerOf(provider.getTracer("duijie", version)),
    close: async () =>
      await within(
        provider.shutdown().catch(() => undefined),
        closeMs,
        undefined,
      ),
  };
}

function tracerOf(otel: OtelTracer): Tracer {
  return {
    span: async (name, parent, attributes, work) => {
      const span = otel.startSpan(name, { attributes }, contextOf(parent));
      const { spanId, traceId } = span.spanContext();
      try {
        return await work(`00-${traceId}-${spanId}-01`);
      } catch (error) {
        span.setStatus({ code: SpanStatusCode.ERROR, message: codeOfError(error) });
        throw error;
      } finally {
        span.end();
      }
    },
    past: (name, parent, attributes, startedAt) => {
      const startTime = performance.timeOrigin + startedAt;
      otel.startSpan(name, { attributes, startTime }, contextOf(parent)).end();
    },
  };
}

/** A stranger may have written it: what is no traceparent is no parent. */
function contextOf(parent: string | null): Context {
  const [, traceId, spanId] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/.exec(parent ?? "") ?? [];
  if (traceId === undefined || spanId === undefined || /^0+$/.test(traceId) || /^0+$/.test(spanId))
    return ROOT_CONTEXT;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: 1, isRemote: true });
}

/** Says when a collector does not take spans; the work does not notice. */
function loud(exporter: SpanExporter, log: Log): SpanExporter {
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        if (result.error !== undefined) log.warn("traces.not-exported", { count: spans.length });
        done(result);
      }),
    shutdown: async () => await exporter.shutdown(),
    forceFlush: async () => await exporter.forceFlush?.(),
  };
}
