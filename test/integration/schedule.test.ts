import { expect } from "chai";
import { entityNames } from "../../contracts/entity.ts";
import { DuijieError } from "../../contracts/errors.ts";
import { silentLog } from "../../contracts/log.ts";
import { entityContract } from "../../contracts/registry.ts";
import { Calendar, type CalendarRules, weekdays } from "../../contracts/schedule/calendar.ts";
import { addsUp, ledgerOfRun } from "../../exchange-db/ledger.ts";
import { moveRun, openOrJoinLoad, openOrJoinLoadIn, readRun } from "../../exchange-db/runs.ts";
import { type Alarm, latestAlarms } from "../../exchange-db/schedule-alarms.ts";
import { type Due, duesSince } from "../../exchange-db/schedules.ts";
import type { Store } from "../../exchange-db/store.ts";
import type { Broker } from "../../pipeline/broker/broker.ts";
import { openBroker } from "../../pipeline/broker/open-broker.ts";
import type { LoadEnd } from "../../pipeline/loader.ts";
import { AlarmBell } from "../../pipeline/schedule/alarm-bell.ts";
import type { SchedulePolicy } from "../../pipeline/schedule/due-times.ts";
import { type LoadCarrier, type ScheduleEvent, Scheduler } from "../../pipeline/schedule/scheduler.ts";
import { type Trouble, Watcher } from "../../pipeline/schedule/watcher.ts";
import { BothSides, testKeys } from "../support/both-sides.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { freshDatabase, testKafka } from "../support/servers.ts";
import { fillRegistry, smallProvince } from "../support/small-province.ts";
import { until } from "../support/until.ts";

const province = "44";
const pupils = 200;
const at = (text: string) => new Date(`${text.replace(" ", "T")}+08:00`);

const rules: CalendarRules = {
  timeZone: "Asia/Shanghai",
  cron: "0 22 * * *",
  windows: [{ days: [...weekdays], from: "22:00", to: "23:00" }],
  blackoutDays: [{ from: "2026-09-03", reason: "exam" }],
};
const policyOf = (catchUp: "once" | "skip" = "once"): SchedulePolicy => ({
  calendar: new Calendar(rules),
  catchUp,
  deadlineHours: 12,
});

/** Works on a load by an answer that a test gives. */
function answering(carry: LoadCarrier["carry"]): LoadCarrier {
  const wanted = { province, profile: "national-2013", scope: {}, entities: entityNames };
  return {
    open: async (client) => (await openOrJoinLoadIn(client, wanted, "any")).run,
    isAll: ({ scope }) => scope.counties === undefined,
    carry,
    rest: () => Promise.resolve(),
  };
}

describe("loads by schedule, on a clock that a test moves", function () {
  this.timeout(600_000);
  let broker: Broker;
  let sides: BothSides;
  let store: Store;
  let rows: ReturnType<typeof smallProvince>;
  let clock: FakeClock;
  let stopping: AbortController;
  let running: Promise<void>[] = [];
  let events: ScheduleEvent[];
  let told: Alarm[];

  before(async () => {
    broker = await openBroker("kafkajs", {
      brokers: await testKafka(),
      clientId: "schedule",
      requestTimeoutMs: 20_000,
      messageBytesMax: 2_000_000,
    });
    rows = smallProvince(province, pupils);
    const source = await freshDatabase("schedule_registry");
    await fillRegistry(source.url, rows);
    sides = new BothSides({
      province,
      registryUrl: source.url,
      exchangeUrl: (await freshDatabase("schedule_exchange")).url,
      nationalUrl: (await freshDatabase("schedule_national")).url,
      broker,
      keys: testKeys(province),
      chunkRows: 20,
    });
    await sides.migrate();
    await sides.startNode();
    await sides.startLink();
    store = sides.exchange;
  });

  beforeEach(async () => {
    await store.query(
      "TRUNCATE exchange.schedule, exchange.schedule_run, exchange.schedule_alarm, exchange.schedule_process",
    );
    await store.query(
      "UPDATE exchange.run SET state = 'stopped', ended_at = now() WHERE state IN ('running', 'paused', 'held')",
    );
    events = [];
    told = [];
    running = [];
    stopping = new AbortController();
  });

  afterEach(async () => await stopAll());
  after(async () => await sides?.close());
  after(async () => await broker?.close());

  async function stopAll(): Promise<void> {
    stopping.abort();
    await Promise.all(running);
    running = [];
    stopping = new AbortController();
  }

  function bell(owner: string): AlarmBell {
    const deliver = (alarm: Alarm) => {
      told.push(alarm);
      return Promise.resolve(0);
    };
    return new AlarmBell({ store, province, owner, deliver, deliverSeconds: 5, log: silentLog });
  }

  /** Comes back when it sleeps. */
  async function start(
    carrier: LoadCarrier,
    { catchUp, owner = "a" }: { catchUp?: "once" | "skip"; owner?: string } = {},
  ): Promise<void> {
    const scheduler = new Scheduler({
      store,
      province,
      owner,
      policy: policyOf(catchUp),
      carrier,
      bell: bell(owner),
      clock,
      graceSeconds: 30,
      retryMinutes: 5,
      tickMs: 30_000,
      log: silentLog,
      tell: (event) => events.push(event),
    });
    running.push(scheduler.run(stopping.signal));
    await until("it sleeps", () => Promise.resolve(clock.sleepers >= 2 * running.length));
  }

  function watcher(owner: string, catchUp?: "once" | "skip"): Watcher {
    return new Watcher({
      store,
      province,
      owner,
      policy: policyOf(catchUp),
      bell: bell(owner),
      blind: () => Promise.resolve(),
      clock,
      silentSeconds: 300,
      tickMs: 30_000,
      log: silentLog,
      tell: () => undefined,
    });
  }

  const real: LoadCarrier = answering(
    async (run, signal, closing) => await sides.load(run, signal, undefined, closing),
  );
  const dues = async () => (await duesSince(store, province, new Date(0))).toReversed();
  const newest = async (): Promise<Due | undefined> => (await dues()).at(-1);
  const states = async () =>
    (await dues()).map(({ reason, state }) => (reason === null ? state : `${state} ${reason}`));
  const alarms = async () => (await latestAlarms(store, province, 50)).map(({ kind }) => kind).toReversed();
  const kindOf = (troubles: readonly Trouble[]) => troubles.map(({ kind }) => kind);

  /** Every process has looked at this moment, done what it does then, and sleeps again, beside its signs of life. */
  async function comes(moment: string): Promise<void> {
    clock.set(at(moment));
    const quiet = async () => {
      const [before, seen] = [JSON.stringify(await dues()), events.length];
      await new Promise((resolve) => setTimeout(resolve, 50));
      const isAsleep = clock.sleepers >= 2 * running.length;
      return isAsleep && seen === events.length && before === JSON.stringify(await dues());
    };
    await until(`nothing moves any more at ${moment}`, quiet);
  }

  async function isDue(state: Due["state"]): Promise<void> {
    await until(`the due time is ${state}`, async () => (await newest())?.state === state, 300_000);
  }

  async function landed(entity: string): Promise<number> {
    const [row] = await store.query<{ count: string }>(
      `SELECT count(*) FROM exchange.chunk JOIN exchange.run USING (run_id)
       WHERE exchange.run.state IN ('running', 'paused') AND exchange.chunk.state = 'landed' AND entity = $1`,
      [entity],
    );
    return Number(row?.count);
  }

  const paused = () => events.filter(({ kind }) => kind === "paused").length;

  it("end right when a load spans three windows: paused at the end of each, nothing lost, nothing read twice", async () => {
    clock = new FakeClock(at("2026-09-04 12:00"));
    await start(real);
    await comes("2026-09-04 21:59");
    expect(await dues()).to.deep.equal([]);

    clock.set(at("2026-09-04 22:00"));
    await until("pupils are landing", async () => (await landed("student")) >= 3, 200_000);
    clock.set(at("2026-09-04 23:00"));
    await until("the first window's end was kept", () => Promise.resolve(paused() === 1), 200_000);
    const [first] = await dues();
    const runId = first?.runId ?? "";
    const atRest = await landed("student");
    expect(first).to.deep.include({ state: "paused", reason: "window", opensAt: at("2026-09-05 22:00") });
    expect((await readRun(store, runId)).state).to.equal("paused");
    expect((await ledgerOfRun(store, runId)).every(addsUp)).to.equal(true);
    expect(await leased(runId)).to.equal(0);

    await comes("2026-09-05 21:59");
    expect(await landed("student"))
      .to.equal(atRest)
      .and.to.be.lessThan(pupils / 20);
    clock.set(at("2026-09-05 22:00"));
    await until("guardians are landing", async () => (await landed("guardian")) >= 3, 200_000);
    clock.set(at("2026-09-05 23:00"));
    await until("the second window's end was kept", () => Promise.resolve(paused() === 2), 200_000);
    expect((await ledgerOfRun(store, runId)).every(addsUp)).to.equal(true);

    clock.set(at("2026-09-06 22:00"));
    await until("the load is done", async () => (await states())[0] === "done", 300_000);
    const [done, ...later] = await dues();
    expect(done).to.deep.include({ runId, windows: 3 });
    expect(later.map(({ reason, state }) => [state, reason])).to.deep.equal([
      ["skipped", "overlap"],
      ["skipped", "overlap"],
    ]);
    const ledger = await ledgerOfRun(store, runId);
    for (const line of ledger) {
      expect(addsUp(line), line.entity).to.equal(true);
      const { table } = entityContract(line.entity);
      const [held] = await sides.national.query<{ count: string }>(
        `SELECT count(*) FROM registry.${table} WHERE province = $1`,
        [province],
      );
      expect([line.read, line.applied, Number(held?.count)], line.entity).to.deep.equal(
        Array.from({ length: 3 }, () => rows[line.entity].length),
      );
    }
    const again = await store.query("SELECT 1 FROM exchange.chunk WHERE run_id = $1 AND leases > 1", [runId]);
    expect(again).to.deep.equal([]);
    expect(events.map(({ kind }) => kind).filter((kind) => kind !== "waits")).to.deep.equal([
      "begun",
      "paused",
      "resumed",
      "paused",
      "resumed",
      "ended",
    ]);
    expect(await alarms()).to.deep.equal([]);
  });

  async function leased(runId: string): Promise<number> {
    const found = await store.query("SELECT 1 FROM exchange.chunk WHERE run_id = $1 AND state = 'leased'", [
      runId,
    ]);
    return found.length;
  }

  it("are begun once and shared when several processes run", async () => {
    clock = new FakeClock(at("2026-09-04 12:00"));
    await start(real, { owner: "a" });
    await start(real, { owner: "b" });
    await start(real, { owner: "c" });
    await comes("2026-09-04 21:00");
    clock.set(at("2026-09-04 22:00"));
    await isDue("done");
    expect(await states()).to.deep.equal(["done"]);
    expect(events.filter(({ kind }) => kind === "begun")).to.have.length(1);
    expect(events.filter(({ kind }) => kind === "ended")).to.have.length(1);
    const { runId } = (await newest()) ?? { runId: null };
    expect((await ledgerOfRun(store, runId ?? "")).every((line) => line.read === line.unchanged)).to.equal(
      true,
    );
  });

  it("hand back what is still in hand when the grace after a window has passed", async () => {
    clock = new FakeClock(at("2026-09-04 21:00"));
    let how = "";
    const slow = answering(
      async (_run, signal, closing) =>
        await new Promise<LoadEnd>((resolve) => {
          closing.addEventListener("abort", () => (how += "closing "));
          signal.addEventListener("abort", () => {
            how += "handed back";
            resolve("interrupted");
          });
        }),
    );
    await start(slow);
    await comes("2026-09-04 22:00");
    await comes("2026-09-04 23:00");
    expect(how).to.equal("closing ");
    await comes("2026-09-04 23:01");
    expect(how).to.equal("closing handed back");
    expect(await states()).to.deep.equal(["paused window"]);
  });

  it("wait on a blackout day for its end, and are not begun meanwhile", async () => {
    clock = new FakeClock(at("2026-09-03 12:00"));
    await start(answering(() => Promise.resolve("done")));
    await comes("2026-09-03 21:00");
    await comes("2026-09-03 22:30");
    expect(await states()).to.deep.equal(["due blackout"]);
    await comes("2026-09-04 21:59");
    expect(await states()).to.deep.equal(["due blackout"]);
    await comes("2026-09-04 22:00");
    expect(await states()).to.deep.equal(["done", "skipped overlap"]);
  });

  it("are skipped on a blackout day where nothing is caught up", async () => {
    clock = new FakeClock(at("2026-09-03 12:00"));
    await start(
      answering(() => Promise.resolve("done")),
      { catchUp: "skip" },
    );
    await comes("2026-09-03 21:00");
    await comes("2026-09-03 22:30");
    expect(await states()).to.deep.equal(["skipped blackout"]);
    await comes("2026-09-04 22:00");
    expect(await states()).to.deep.equal(["skipped blackout", "done"]);
    expect(kindOf(await watcher("w", "skip").look())).to.deep.equal([]);
  });

  it("that were due while no process ran are caught up once, when work is allowed", async () => {
    clock = new FakeClock(at("2026-09-04 12:00"));
    await start(answering(() => Promise.resolve("done")));
    await comes("2026-09-04 22:00");
    await stopAll();
    clock.set(at("2026-09-08 09:00"));
    await start(answering(() => Promise.resolve("done")));
    await comes("2026-09-08 09:01");
    const slept = ["done", "skipped caught-up", "skipped caught-up", "due slept"];
    expect(await states()).to.deep.equal(slept);
    await comes("2026-09-08 22:00");
    expect(await states()).to.deep.equal([...slept.slice(0, 3), "done", "skipped overlap"]);
  });

  it("that were due while no process ran are missed where nothing is caught up, and raised", async () => {
    clock = new FakeClock(at("2026-09-04 12:00"));
    await start(
      answering(() => Promise.resolve("done")),
      { catchUp: "skip" },
    );
    await comes("2026-09-04 22:00");
    await stopAll();
    clock.set(at("2026-09-06 09:00"));
    await start(
      answering(() => Promise.resolve("done")),
      { catchUp: "skip" },
    );
    await comes("2026-09-06 09:01");
    expect(await states()).to.deep.equal(["done", "missed slept"]);
    expect(kindOf(await watcher("w", "skip").look())).to.deep.equal(["missed"]);
    await comes("2026-09-06 22:00");
    expect(kindOf(await watcher("w", "skip").look())).to.deep.equal([]);
    expect(await alarms()).to.deep.equal(["missed"]);
  });

  it("wait for a person when they are held, raise that once, and go on when it is accepted", async () => {
    clock = new FakeClock(at("2026-09-04 12:00"));
    let ends: LoadEnd[] = ["held", "done"];
    await start(
      answering(async (run) => {
        const [end = "done", ...rest] = ends;
        ends = rest;
        if (end === "held") await moveRun(store, run.runId, ["running"], "held");
        else await moveRun(store, run.runId, ["running"], "done");
        return end;
      }),
    );
    await comes("2026-09-04 21:00");
    await comes("2026-09-04 22:00");
    expect(await states()).to.deep.equal(["held QUARANTINE_SHARE_EXCEEDED"]);
    await comes("2026-09-04 22:10");
    expect(await alarms()).to.deep.equal(["held"]);
    await moveRun(store, (await newest())?.runId ?? "", ["held"], "running");
    await comes("2026-09-04 22:20");
    expect(await states()).to.deep.equal(["done"]);
    expect(told.map(({ kind }) => kind)).to.deep.equal(["held"]);
  });

  it("are tried again in their window after an outage, and at the next due time after any other fault", async () => {
    clock = new FakeClock(at("2026-09-04 12:00"));
    const faults = ["SOURCE_UNREACHABLE", "SOURCE_REFUSED"] as const;
    let tries = 0;
    await start(
      answering(async (run) => {
        const fault = faults[tries++];
        if (fault === "SOURCE_REFUSED") await moveRun(store, run.runId, ["running"], "paused");
        if (fault !== undefined) throw new DuijieError(fault);
        expect((await readRun(store, run.runId)).state).to.equal("running");
        await moveRun(store, run.runId, ["running"], "done");
        return "done";
      }),
    );
    await comes("2026-09-04 21:00");
    await comes("2026-09-04 22:00");
    expect(await states()).to.deep.equal(["running SOURCE_UNREACHABLE"]);
    await comes("2026-09-04 22:04");
    expect(tries).to.equal(1);
    await comes("2026-09-04 22:06");
    expect(await states()).to.deep.equal(["failed SOURCE_REFUSED"]);
    const failed = (await newest())?.runId;
    await comes("2026-09-05 22:00");
    expect(await states()).to.deep.equal(["failed SOURCE_REFUSED", "done"]);
    expect((await newest())?.runId).to.equal(failed);
    expect(await alarms()).to.deep.equal(["failing", "failed"]);
  });

  it("finish a load that somebody began for a county, and then do what was due", async () => {
    clock = new FakeClock(at("2026-09-04 12:00"));
    const byHand = { province, profile: "national-2013", scope: { counties: ["x"] }, entities: entityNames };
    const { run: first } = await openOrJoinLoad(store, byHand);
    const carried: string[] = [];
    await start(
      answering(async (run) => {
        carried.push(run.runId);
        await moveRun(store, run.runId, ["running"], "done");
        return "done";
      }),
    );
    await comes("2026-09-04 22:00");
    expect(carried).to.have.length(2);
    expect(carried[0]).to.equal(first.runId);
    expect(await newest()).to.deep.include({ state: "done", runId: carried[1], windows: 1 });
  });

  it("fail, and are raised, where the load can't even be opened", async () => {
    clock = new FakeClock(at("2026-09-04 12:00"));
    const refuse = () => Promise.reject(new DuijieError("LOAD_STATE_WRONG"));
    await start({ ...answering(() => Promise.resolve("done")), open: refuse });
    await comes("2026-09-04 22:00");
    expect(await states()).to.deep.equal(["failed LOAD_STATE_WRONG"]);
    expect(await alarms()).to.deep.equal(["failed"]);
  });

  it("are done at once where there is nothing to load", async () => {
    clock = new FakeClock(at("2026-09-04 12:00"));
    await start({
      ...answering(() => Promise.reject(new Error("nothing"))),
      open: () => Promise.resolve(null),
    });
    await comes("2026-09-04 22:00");
    expect(await states()).to.deep.equal(["done"]);
  });

  it("leave alone what a person paused", async () => {
    clock = new FakeClock(at("2026-09-04 12:00"));
    let tries = 0;
    await start(
      answering(async (run, _signal, closing) => {
        tries += 1;
        await moveRun(store, run.runId, ["running"], "paused");
        return await new Promise<LoadEnd>((resolve) => {
          closing.addEventListener("abort", () => resolve("paused"));
        });
      }),
    );
    await comes("2026-09-04 21:00");
    await comes("2026-09-04 22:00");
    await comes("2026-09-04 23:00");
    expect(await states()).to.deep.equal(["paused person"]);
    await comes("2026-09-05 22:00");
    expect(tries).to.equal(2);
    expect((await readRun(store, (await dues())[0]?.runId ?? "")).state).to.equal("paused");
    await comes("2026-09-05 23:00");
  });

  it("that do not end in time are raised by a second process, exactly once, however many look how often", async () => {
    clock = new FakeClock(at("2026-09-04 12:00"));
    const both = [watcher("w1"), watcher("w2")];
    const look = async () => kindOf((await Promise.all(both.map(async (one) => await one.look())))[0] ?? []);
    expect(await look()).to.deep.equal([]);
    // Nobody runs loads at all: the watch finds that out by itself.
    clock.set(at("2026-09-04 12:04"));
    expect(await look()).to.deep.equal([]);
    clock.set(at("2026-09-05 09:59"));
    expect(await look()).to.deep.equal(["silent"]);
    clock.set(at("2026-09-05 10:01"));
    expect(await look()).to.deep.equal(["missed", "silent"]);
    expect(await states()).to.deep.equal(["missed slept"]);
    await look();
    expect(await alarms()).to.have.members(["silent", "missed"]);
    expect(told.map(({ kind }) => kind)).to.have.members(["silent", "missed"]);

    // A load that hangs.
    await start(
      answering(
        async (_run, signal) =>
          await new Promise<LoadEnd>((resolve) => {
            signal.addEventListener("abort", () => resolve("interrupted"));
          }),
      ),
    );
    await comes("2026-09-05 22:30");
    expect(await states()).to.deep.equal(["running", "skipped overlap"]);
    await look();
    expect(await alarms()).to.have.members(["silent", "missed", "late"]);
    await look();
    expect(told.map(({ kind }) => kind)).to.have.members(["silent", "missed", "late"]);
  });

  it("whose process fell silent are raised by the database's clock, once for each silence", async () => {
    clock = new FakeClock(at("2026-09-04 12:00"));
    await start(answering(() => Promise.resolve("done")));
    await comes("2026-09-04 12:01");
    const watch = watcher("w");
    expect(kindOf(await watch.look())).to.deep.equal([]);
    const silent = async () =>
      await store.query("UPDATE exchange.schedule_process SET seen_at = now() - interval '301 seconds'");
    await silent();
    expect(kindOf(await watch.look())).to.deep.equal(["silent"]);
    expect(kindOf(await watch.look())).to.deep.equal(["silent"]);
    await comes("2026-09-04 12:02");
    expect(kindOf(await watch.look())).to.deep.equal([]);
    await silent();
    expect(kindOf(await watch.look())).to.deep.equal(["silent"]);
    expect(told.map(({ kind }) => kind)).to.deep.equal(["silent", "silent"]);
  });
});
