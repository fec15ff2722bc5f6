import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { isAlive, processIdentity } from "../../embedded/process-identity.ts";
import type { DiskName, FaultKind, FaultSpec, LinkName, SessionsName } from "./fault.ts";
import type { FaultServers, Side } from "./fault-servers.ts";
import type { FaultWorld } from "./fault-world.ts";
import { openBackends } from "./in-flight.ts";
import { type HeldMoment, thawAll } from "./moments.ts";
import { disturbMessages, type ExpectedRefusal } from "./rogue.ts";
import { SmallDisk } from "./small-disk.ts";

/** A fault that has struck. */
export interface Struck {
  /** What it hit, in words and counts. */
  readonly what: string;
  readonly refusals?: readonly ExpectedRefusal[];
  /** Lasts as long as the fault does, then puts right what was broken. Absent: nothing has to be put right. */
  readonly over?: () => Promise<string | void>;
}

type Injector = (world: FaultWorld, spec: FaultSpec, held: HeldMoment) => Promise<Struck>;

/** Why a fault is not possible on this machine; null if it is. */
export function impossible(servers: FaultServers, spec: FaultSpec): string | null {
  if (!isDisk(spec.target)) return null;
  const disk = servers.disks[spec.target];
  return disk instanceof SmallDisk ? null : disk;
}

/** Strikes while the moment is held; lets go of those that it does not mean to keep still. */
export async function strike(world: FaultWorld, spec: FaultSpec, held: HeldMoment): Promise<Struck> {
  try {
    return await injectors[spec.kind](world, spec, held);
  } finally {
    if (spec.kind !== "pause") thawAll(held.frozen);
  }
}

const messages: Injector = async (world, spec) => {
  const { refusals, sent, what } = await disturbMessages(world, spec);
  return { what: `${sent} messages: ${what}`, refusals };
};

const onLink =
  (disturb: (world: FaultWorld, link: LinkName) => number): Injector =>
  async (world, { durationMs, target }) => {
    if (!isLink(target)) throw new TypeError(`${target} is no link`);
    const count = disturb(world, target);
    return {
      what: `${count} connections`,
      over: async () => {
        await delay(durationMs);
        world.options.servers.links[target].heal();
      },
    };
  };

const injectors: Readonly<Record<FaultKind, Injector>> = {
  kill: async (world, spec, held) => {
    if (spec.target === "loader" || spec.target === "nation") return await killDaemon(held);
    return spec.target === "broker" ? await killBroker(world, spec) : await killDatabase(world, spec);
  },
  pause: (_world, spec, held) => Promise.resolve(pause(spec, held)),
  restart: async (world, spec) => {
    const { servers } = world.options;
    // A broker that is asked to stop hands its work over first: the processes must live meanwhile.
    return {
      what: "the broker was asked to stop",
      over: async () => await restartBroker(servers, spec, "stop"),
    };
  },
  "restart-loop": async (world, spec) => {
    const { servers } = world.options;
    await servers.kafka.kill();
    return {
      what: "the broker was killed, three times",
      over: async () => {
        for (const _round of [1, 2]) {
          await restartBroker(servers, spec, "kill");
          await servers.kafka.kill();
        }
        await delay(spec.durationMs);
        await servers.startBroker();
      },
    };
  },
  cut: onLink((world, link) => world.options.servers.links[link].cut()),
  stall: onLink((world, link) => world.options.servers.links[link].stall()),
  slow: onLink((world, link) => world.options.servers.links[link].slow(120)),
  "half-open": (world, { target }) => {
    if (!isLink(target)) throw new TypeError(`${target} is no link`);
    const count = world.options.servers.links[target].abandon();
    return Promise.resolve({ what: `${count} connections` });
  },
  terminate: async (world, { target }, held) => {
    const pool = world.eyes[sessionsOf(target)];
    const pids = await openBackends(
      pool,
      held.frozen.map((daemon) => world.application(daemon)),
    );
    for (const pid of pids) await pool.query("SELECT pg_terminate_backend($1)", [pid]);
    return { what: `${pids.length} sessions` };
  },
  "disk-full": async (world, spec) => await fillDisk(world, spec),
  duplicate: messages,
  reorder: messages,
  corrupt: messages,
  forge: messages,
  "forge-receipt": messages,
};

async function killDaemon({ frozen }: HeldMoment): Promise<Struck> {
  const names = frozen.map(({ name, process }) => `${name} (process ${process?.pid})`);
  for (const daemon of frozen) await daemon.kill();
  return { what: `SIGKILL for ${names.join(", ")}` };
}

function pause({ durationMs }: FaultSpec, { frozen }: HeldMoment): Struck {
  return {
    what: `SIGSTOP for ${frozen.map(({ name, process }) => `${name} (process ${process?.pid})`).join(", ")}`,
    over: async () => {
      await delay(durationMs);
      thawAll(frozen);
    },
  };
}

async function killBroker(world: FaultWorld, { durationMs }: FaultSpec): Promise<Struck> {
  const { servers } = world.options;
  await servers.kafka.kill();
  return {
    what: "SIGKILL for the broker",
    over: async () => {
      await delay(durationMs);
      await servers.startBroker();
    },
  };
}

async function restartBroker(
  servers: FaultServers,
  { durationMs }: FaultSpec,
  how: "stop" | "kill",
): Promise<void> {
  if (how === "stop") await servers.kafka.stop();
  await delay(durationMs);
  await servers.startBroker();
}

async function killDatabase(world: FaultWorld, { draw, durationMs, target }: FaultSpec): Promise<Struck> {
  const { servers } = world.options;
  const side: Side = target === "exchange-server" ? "exchange" : "national";
  const isImmediate = draw % 2 === 0;
  await (isImmediate ? servers.postgres[side].stop("immediate") : servers.postgres[side].kill());
  return {
    what: `${isImmediate ? "immediate stop" : "SIGKILL"} of the ${side} side's PostgreSQL`,
    over: async () => {
      await delay(durationMs);
      await servers.startDatabase(side);
    },
  };
}

/** Full until somebody ran into it: a disk that nobody writes to meanwhile is no fault. */
async function fillDisk(world: FaultWorld, spec: FaultSpec): Promise<Struck> {
  const { servers } = world.options;
  if (!isDisk(spec.target)) throw new TypeError(`${spec.target} is no disk`);
  const disk = servers.disks[spec.target];
  if (!(disk instanceof SmallDisk)) throw new TypeError(disk);
  const felt = feltBy(world, spec.target);
  const before = await felt();
  await disk.fill();
  return {
    what: `no byte left for the ${spec.target.replace("-disk", "")}`,
    over: async () => {
      const deadline = performance.now() + 40_000;
      while ((await felt()) === before && performance.now() < deadline) await delay(50);
      const hits = (await felt()) - before;
      await delay(spec.durationMs);
      await disk.empty();
      if (spec.target === "broker-disk") await reviveBroker(servers);
      if (hits === 0) throw new Error("nobody ran into the full disk");
      return `${hits} times somebody ran into it`;
    },
  };
}

/** A broker whose only log folder failed ends itself, or refuses everything: either way a person starts it again. */
async function reviveBroker(servers: FaultServers): Promise<void> {
  const identity = processIdentity(servers.kafka.pid);
  if (identity !== undefined && isAlive(identity)) await servers.kafka.kill();
  await servers.startBroker();
}

/**
 * How often somebody ran into it. Databases and broker say so; a process can't, where it is its log that is full: so lines
 * that were due count, one for each batch that was settled, and processes that ended.
 */
function feltBy(world: FaultWorld, disk: DiskName): () => Promise<number> {
  const { servers } = world.options;
  if (disk === "log-disk") {
    const ends = () => world.daemons.flatMap((daemon) => daemon.exits).length;
    return async () => (await world.settled()) + ends();
  }
  const file =
    disk === "broker-disk"
      ? servers.kafka.logFile
      : servers.postgres[disk === "exchange-disk" ? "exchange" : "national"].logFile;
  const isNoSpace = /No space left on device|could not extend file|unsafe memory access/g;
  return () => Promise.resolve(readFileSync(file, "utf8").match(isNoSpace)?.length ?? 0);
}

const linkNames: readonly string[] = [
  "exchange-link",
  "national-link",
  "registry-link",
  "province-broker-link",
  "nation-broker-link",
] satisfies readonly LinkName[];

function isLink(target: string): target is LinkName {
  return linkNames.includes(target);
}

function isDisk(target: string): target is DiskName {
  return target.endsWith("-disk");
}

function sessionsOf(target: string): "exchange" | "national" | "registry" {
  const sessions: Readonly<Record<SessionsName, "exchange" | "national" | "registry">> = {
    "exchange-sessions": "exchange",
    "national-sessions": "national",
    "registry-sessions": "registry",
  };
  const found = Object.entries(sessions).find(([name]) => name === target)?.[1];
  if (found === undefined) throw new TypeError(`${target} are no sessions`);
  return found;
}
