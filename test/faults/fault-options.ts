import { parseArgs } from "node:util";

export interface FaultOptions {
  /** The first seed; the others follow it. */
  readonly seed: number;
  readonly seeds: number;
  readonly faults: number;
  readonly students: number;
  readonly json: string | null;
  /** Prints the schedules and ends. */
  readonly isPlan: boolean;
}

/** Throws a RangeError or TypeError that names the argument. */
export function faultOptions(args: readonly string[]): FaultOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: "string", default: "1" },
      seeds: { type: "string", default: "8" },
      faults: { type: "string", default: "10" },
      students: { type: "string", default: "2000" },
      json: { type: "string" },
      plan: { type: "boolean", default: false },
    },
  });
  return {
    seed: whole("seed", values.seed, 1_000_000_000),
    seeds: whole("seeds", values.seeds, 10_000),
    faults: whole("faults", values.faults, 1000),
    students: whole("students", values.students, 200_000),
    json: values.json ?? null,
    isPlan: values.plan,
  };
}

function whole(name: string, text: string, max: number): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= 1 && value <= max))
    throw new RangeError(`--${name} ${text}: a whole number from 1 to ${max}`);
  return value;
}
