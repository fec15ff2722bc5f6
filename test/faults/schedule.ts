import { createHash } from "node:crypto";
import { SeededRandom } from "../../embedded/demo/seeded-random.ts";
import type { FaultKind, FaultSpec, Moment, Target } from "./fault.ts";

interface Choice {
  readonly kind: FaultKind;
  readonly target: Target;
  readonly at: Moment;
  /** Shortest and longest duration. */
  readonly ms: readonly [number, number];
}

/** Longer than the lease (3 s) and the session (6 s) that the fault world is configured with. */
const pastSessionMs = [8500, 11_000] as const;
const cutMs = [500, 4000] as const;
const stallMs = [3000, 9000] as const;
const downMs = [200, 3000] as const;
const none = [0, 0] as const;

const linkChoices = [
  { target: "exchange-link", at: "transaction" },
  { target: "national-link", at: "transaction" },
  { target: "registry-link", at: "read" },
  { target: "province-broker-link", at: "message" },
  { target: "nation-broker-link", at: "message" },
] as const;

function ofLinks(kind: FaultKind, ms: readonly [number, number]): readonly Choice[] {
  return linkChoices.map(({ target, at }) => ({ kind, target, at, ms }));
}

/** A schedule takes one of each family before it takes a second of any. */
const families: readonly (readonly Choice[])[] = [
  [
    { kind: "kill", target: "loader", at: "transaction", ms: none },
    { kind: "kill", target: "nation", at: "transaction", ms: none },
  ],
  [
    { kind: "kill", target: "broker", at: "message", ms: downMs },
    { kind: "kill", target: "exchange-server", at: "transaction", ms: downMs },
    { kind: "kill", target: "national-server", at: "transaction", ms: downMs },
  ],
  [
    { kind: "pause", target: "loader", at: "lease", ms: pastSessionMs },
    { kind: "pause", target: "nation", at: "message", ms: pastSessionMs },
    { kind: "pause", target: "loader", at: "transaction", ms: pastSessionMs },
    { kind: "pause", target: "nation", at: "transaction", ms: pastSessionMs },
  ],
  [
    { kind: "restart", target: "broker", at: "message", ms: downMs },
    { kind: "restart-loop", target: "broker", at: "message", ms: [500, 1500] },
  ],
  ofLinks("cut", cutMs),
  ofLinks("stall", stallMs),
  ofLinks("half-open", none),
  ofLinks("slow", stallMs),
  [
    { kind: "terminate", target: "exchange-sessions", at: "transaction", ms: none },
    { kind: "terminate", target: "national-sessions", at: "transaction", ms: none },
    { kind: "terminate", target: "registry-sessions", at: "read", ms: none },
  ],
  [
    { kind: "disk-full", target: "exchange-disk", at: "transaction", ms: [1000, 4000] },
    { kind: "disk-full", target: "national-disk", at: "transaction", ms: [1000, 4000] },
    { kind: "disk-full", target: "broker-disk", at: "message", ms: [1000, 3000] },
    { kind: "disk-full", target: "log-disk", at: "lease", ms: [2000, 4000] },
  ],
  [
    { kind: "duplicate", target: "messages", at: "message", ms: none },
    { kind: "reorder", target: "messages", at: "message", ms: none },
  ],
  [
    { kind: "corrupt", target: "messages", at: "message", ms: none },
    { kind: "forge", target: "messages", at: "message", ms: none },
    { kind: "forge-receipt", target: "messages", at: "message", ms: none },
  ],
];

/**
 * The faults of a seed, in order. Pure: the same seed and count give the same schedule on every machine, and a longer one
 * begins with the same faults. Seeds that follow each other take turns through each family, so that a few seeds have all.
 */
export function schedule(seed: number, count: number): readonly FaultSpec[] {
  const random = new SeededRandom("faults", seed);
  const specs: FaultSpec[] = [];
  for (let lap = 0; specs.length < count; lap++) {
    for (const [place, family] of shuffled([...families.entries()], random)) {
      if (specs.length === count) break;
      specs.push(faultOf(specs.length + 1, member(family, seed + place + lap), random));
    }
  }
  return specs;
}

/** Names a schedule in few characters: equal digests are equal schedules. */
export function scheduleDigest(specs: readonly FaultSpec[]): string {
  return createHash("sha256").update(JSON.stringify(specs)).digest("hex").slice(0, 12);
}

/** Every kind with every target that schedules may hold. */
export function allFaults(): readonly string[] {
  return families.flat().map(({ kind, target, at }) => `${kind} ${target} ${at}`);
}

function faultOf(number: number, { kind, target, at, ms }: Choice, random: SeededRandom): FaultSpec {
  const [shortest, longest] = ms;
  return {
    number,
    kind,
    target,
    at,
    afterMs: 100 + random.below(900),
    durationMs: shortest + random.below(longest - shortest + 1),
    draw: random.below(1000),
  };
}

function member(family: readonly Choice[], turn: number): Choice {
  const chosen = family[((turn % family.length) + family.length) % family.length];
  if (chosen === undefined) throw new RangeError("an empty family");
  return chosen;
}

function shuffled<T>(list: readonly T[], random: SeededRandom): readonly T[] {
  const left = [...list];
  return list.map(() => left.splice(random.below(left.length), 1)).flat();
}
