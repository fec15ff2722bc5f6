import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { DuijieError } from "../../contracts/errors.ts";
import { type Log, silentLog } from "../../contracts/log.ts";
import type { Meter } from "../../contracts/meter.ts";
import { metrics } from "../../contracts/metrics.ts";
import { packageRoot } from "../../contracts/package-root.ts";
import { countedEvents, countingLog } from "./counting-log.ts";

function counting(): { readonly log: Log; readonly counts: Record<string, number> } {
  const counts: Record<string, number> = {};
  const meter: Meter = {
    count: (name, labels, by = 1) => {
      const key = `${name} ${Object.values(labels).join(",")}`.trim();
      counts[key] = (counts[key] ?? 0) + by;
    },
    observe: () => undefined,
  };
  return { log: countingLog(silentLog, meter), counts };
}

describe("the counting log", () => {
  it("counts what is logged, with its code, also through bound logs", () => {
    const { counts, log } = counting();
    log.warn("attempt.failed", { attempt: 1 }, new DuijieError("STORE_UNREACHABLE"));
    log.with({ province: "34" }).warn("attempt.failed", { attempt: 2 }, new DuijieError("STORE_UNREACHABLE"));
    log.warn("message.refused", { code: "SIGNATURE_INVALID" });
    log.event("batch.sent-again", { count: 3 });
    log.event("message.applied", { messageType: "student.batch" });
    expect(counts).to.deep.equal({
      "duijie_retries_total STORE_UNREACHABLE": 2,
      "duijie_messages_refused_total SIGNATURE_INVALID": 1,
      "duijie_warnings_total attempt.failed": 2,
      "duijie_warnings_total message.refused": 1,
      duijie_batches_sent_again_total: 3,
      "duijie_messages_applied_total student.batch": 1,
    });
  });

  it("writes all that it was given", () => {
    const written: string[] = [];
    const inner: Log = {
      ...silentLog,
      event: (code) => written.push(code),
      warn: (code) => written.push(code),
    };
    const log = countingLog(inner, { count: () => undefined, observe: () => undefined });
    log.event("chunk.landed");
    log.warn("load.held");
    expect(written).to.deep.equal(["chunk.landed", "load.held"]);
  });

  it("listens to events that the program still says, and gives the labels of the catalogue", () => {
    const sources = ["pipeline", "national", "cli"].flatMap((room) =>
      readdirSync(join(packageRoot, room), { recursive: true, encoding: "utf8" })
        .filter((file) => file.endsWith(".ts") && !/\.test\.ts$|counting-log/.test(file))
        .map((file) => readFileSync(join(packageRoot, room, file), "utf8")),
    );
    for (const [event, { labels, name }] of Object.entries(countedEvents)) {
      const isSaid = sources.some((source) =>
        new RegExp(`\\b(?:event|warn|error)\\(\\s*"${event}"`).test(source),
      );
      expect(isSaid, event).to.equal(true);
      expect(Object.keys(labels({}, null)), event).to.deep.equal([...metrics[name].labels]);
    }
  });
});
