import type { Log } from "../../contracts/log.ts";
import { type Alarm, claimAlarms, recordAlarm, recordDelivery } from "../../exchange-db/schedule-alarms.ts";
import type { Store } from "../../exchange-db/store.ts";

export interface BellOptions {
  readonly store: Store;
  readonly province: string;
  /** Names this process. */
  readonly owner: string;
  /** Tells a person; the exit code, or null where it came to no end. Nothing to tell by: 0. */
  readonly deliver: (alarm: Alarm) => Promise<number | null>;
  /** How long delivering may take. */
  readonly deliverSeconds: number;
  readonly log: Log;
}

const attemptsMax = 5;

/**
 * Alarms stand in a table first, so that several processes that see the same thing raise it once; then they are delivered.
 * What could not be delivered is tried again with the next look, by whoever looks, a few times.
 */
export class AlarmBell {
  readonly #options: BellOptions;

  constructor(options: BellOptions) {
    this.#options = options;
  }

  /** True where nobody had raised it before. */
  async raise(alarm: Pick<Alarm, "kind" | "subjectAt" | "runId" | "reason">): Promise<boolean> {
    const { log, owner, province, store } = this.#options;
    const isNew = await recordAlarm(store, province, { ...alarm, raisedBy: owner });
    if (!isNew) return false;
    const { kind, reason, runId } = alarm;
    log.error("schedule.alarm", {
      outcome: kind,
      ...(reason === null ? {} : { code: reason }),
      ...(runId === null ? {} : { runId }),
    });
    await this.deliver();
    return true;
  }

  /** Delivers what is not delivered yet. */
  async deliver(): Promise<void> {
    const { deliver, deliverSeconds, log, province, store } = this.#options;
    // Longer than it may take: nobody else begins meanwhile.
    const claimSeconds = deliverSeconds + 30;
    for (const alarm of await claimAlarms(store, province, { attemptsMax, claimSeconds })) {
      const exitCode = await deliver(alarm);
      await recordDelivery(store, province, alarm, exitCode);
      if (exitCode !== 0)
        log.warn("schedule.alarm.not-delivered", {
          outcome: alarm.kind,
          attempt: alarm.attempts,
          ...(exitCode === null ? {} : { exitCode }),
        });
    }
  }
}
