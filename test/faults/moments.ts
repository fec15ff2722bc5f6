import { setTimeout as delay } from "node:timers/promises";
import type { Daemon } from "./daemon.ts";
import type { FaultSpec, Target } from "./fault.ts";
import type { Side } from "./fault-servers.ts";
import type { FaultWorld } from "./fault-world.ts";
import { type InFlight, lookAt } from "./in-flight.ts";

/** A moment that was found and is being held: whoever could end it stands still. */
export interface HeldMoment {
  readonly inFlight: InFlight;
  readonly frozen: readonly Daemon[];
  /** Tries that found nothing under way. */
  readonly attempts: number;
}

const sideOf: Readonly<Record<Target, Side>> = {
  loader: "exchange",
  nation: "national",
  broker: "national",
  "exchange-server": "exchange",
  "national-server": "national",
  "exchange-link": "exchange",
  "registry-link": "exchange",
  "national-link": "national",
  "province-broker-link": "exchange",
  "nation-broker-link": "national",
  "exchange-sessions": "exchange",
  "registry-sessions": "exchange",
  "national-sessions": "national",
  "exchange-disk": "exchange",
  "national-disk": "national",
  "broker-disk": "national",
  "log-disk": "exchange",
  messages: "national",
};

/**
 * Finds the moment of a fault and holds it: whoever could end it is stopped first (SIGSTOP), then looked at twice. So a
 * transaction that is seen is open while the fault strikes, and a message that is seen is unread; nothing is left to luck.
 */
export async function holdMoment(
  world: FaultWorld,
  spec: FaultSpec,
  deadlineMs: number,
): Promise<HeldMoment> {
  const deadline = performance.now() + deadlineMs;
  for (let attempts = 0; performance.now() < deadline; attempts++) {
    world.requireWork();
    const began = performance.now();
    const held = await tryToHold(world, spec, attempts).catch(() => null);
    if (held !== null) return held;
    // Whoever stood still gets as long to work. No fixed step: the work has a rhythm of its own.
    await delay(performance.now() - began + ((attempts * 17) % 41));
  }
  throw new Error(`fault ${spec.number}: nothing was under way (${spec.at}) within ${deadlineMs / 1000} s`);
}

async function tryToHold(world: FaultWorld, spec: FaultSpec, attempt: number): Promise<HeldMoment | null> {
  const candidates = candidatesOf(world, spec, attempt);
  const frozen: Daemon[] = [];
  try {
    for (const daemon of candidates) if (await daemon.freeze()) frozen.push(daemon);
    const inFlight = frozen.length === 0 ? null : await steadyLook(world, spec, frozen);
    if (inFlight !== null) return { inFlight, frozen, attempts: attempt };
  } catch (error) {
    thawAll(frozen);
    throw error;
  }
  thawAll(frozen);
  return null;
}

export function thawAll(daemons: readonly Daemon[]): void {
  for (const daemon of daemons) daemon.thaw();
}

/** One process for a fault of one process, else all of a side; for messages, those who would read them. */
function candidatesOf(
  world: FaultWorld,
  { at, draw, target }: FaultSpec,
  attempt: number,
): readonly Daemon[] {
  if (target === "loader" || target === "nation") {
    const daemons = target === "loader" ? world.loaders : world.nations;
    return daemons.filter((_, place) => place === (draw + attempt) % daemons.length);
  }
  if (at === "message") return target === "province-broker-link" ? world.loaders : world.nations;
  return sideOf[target] === "exchange" ? world.loaders : world.nations;
}

/** A commit that was on its way when the process stopped is through at the second look. */
async function steadyLook(
  world: FaultWorld,
  spec: FaultSpec,
  frozen: readonly Daemon[],
): Promise<InFlight | null> {
  const look = {
    side: sideOf[spec.target],
    applications: frozen.map((daemon) => world.application(daemon)),
    loaderPids: frozen.flatMap((daemon) => daemon.process?.pid ?? []),
  };
  const withMessages = spec.at === "message";
  // Those who write messages go on: unread ones come by themselves, unless there is nothing to write.
  const looks = withMessages ? 10 : 1;
  for (let left = looks; left > 0; left--) {
    const first = await lookAt(world.eyes, look, withMessages);
    if (isRight(spec, first)) {
      await delay(withMessages ? 0 : 8);
      const second = await lookAt(world.eyes, look, withMessages);
      if (isRight(spec, second)) return second;
    }
    if (left > 1) await delay(50);
  }
  return null;
}

function isRight(spec: FaultSpec, now: InFlight): boolean {
  switch (spec.at) {
    case "transaction":
      return now.transactions > 0;
    case "lease":
      return now.leased > 0 && now.transactions === 0;
    case "read":
      return now.reads > 0;
    case "message":
      // A batch's, not a greeting; at the province's link one that is being sent, or a receipt that comes.
      return spec.target === "province-broker-link"
        ? now.sealed + (now.unread?.down ?? 0) > 0
        : (now.unread?.up ?? 0) > 0 && now.sealed + now.published > 0;
  }
}
