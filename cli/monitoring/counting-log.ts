import { DuijieError } from "../../contracts/errors.ts";
import type { Log, LogFields } from "../../contracts/log.ts";
import type { Meter, MetricLabels } from "../../contracts/meter.ts";
import type { MetricOf } from "../../contracts/metrics.ts";

interface CountedEvent {
  readonly name: MetricOf<"counter">;
  readonly labels: (fields: LogFields, error: unknown) => MetricLabels;
  readonly by?: (fields: LogFields) => number;
}

const byCode = (fields: LogFields, error: unknown) => ({
  code: fields.code ?? (error instanceof DuijieError ? error.code : "UNKNOWN"),
});
const byEntity = ({ entity = "none" }: LogFields) => ({ entity });

/** Events that are counted when they are logged, so that whoever says them does not count for himself. */
export const countedEvents: Readonly<Record<string, CountedEvent>> = {
  "attempt.failed": { name: "duijie_retries_total", labels: byCode },
  "link.delivery.failed": { name: "duijie_deliveries_failed_total", labels: byCode },
  "node.delivery.failed": { name: "duijie_deliveries_failed_total", labels: byCode },
  "message.refused": { name: "duijie_messages_refused_total", labels: byCode },
  "chunk.lease-lost": { name: "duijie_leases_lost_total", labels: byEntity },
  "batch.sent-again": {
    name: "duijie_batches_sent_again_total",
    labels: () => ({}),
    by: ({ count = 0 }) => count,
  },
  "batch.settled": { name: "duijie_batches_settled_total", labels: () => ({}) },
  "message.applied": {
    name: "duijie_messages_applied_total",
    labels: ({ messageType = "none" }) => ({ message_type: messageType }),
  },
};

/** A log whose events are counted too; what its level leaves out is counted all the same. */
export function countingLog(log: Log, meter: Meter): Log {
  const count = (code: string, fields: LogFields = {}, error?: unknown) => {
    if (!Object.hasOwn(countedEvents, code)) return;
    const event = countedEvents[code];
    if (event !== undefined) meter.count(event.name, event.labels(fields, error), event.by?.(fields));
  };
  const countWarning = (code: string, fields?: LogFields, error?: unknown) => {
    meter.count("duijie_warnings_total", { event: code });
    count(code, fields, error);
  };
  return {
    event: (code, fields) => {
      count(code, fields);
      log.event(code, fields);
    },
    warn: (code, fields, error) => {
      countWarning(code, fields, error);
      log.warn(code, fields, error);
    },
    error: (code, fields, error) => {
      countWarning(code, fields, error);
      log.error(code, fields, error);
    },
    debug: (code, fields) => {
      count(code, fields);
      log.debug(code, fields);
    },
    with: (bindings) => countingLog(log.with(bindings), meter),
  };
}
