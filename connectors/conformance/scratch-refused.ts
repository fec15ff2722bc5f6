import type { ErrorParams } from "../../contracts/errors.ts";
import { FindingsError } from "../../contracts/finding.ts";

/** A scratch schema that can't be taken: its name is in use or unfit, or its owner may not create it. */
export function scratchRefused(
  reason: "owner" | "name" | "exists" | "right" | "leftovers",
  params: ErrorParams,
): FindingsError {
  return new FindingsError("USAGE_INVALID", { command: "connector verify" }, [
    { key: `conformance.scratch.${reason}`, params },
  ]);
}
