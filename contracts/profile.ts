import { readdirSync, readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { EntityName } from "./entity.ts";
import { entityNames } from "./entity.ts";
import { entityContract } from "./entity-contract.ts";
import { DuijieError } from "./errors.ts";
import { contractsPath } from "./package-root.ts";

/** Which fields have to be filled: that changes by province and year, the schemas do not. */
export interface Profile {
  readonly id: string;
  /** Two digits; null: the whole nation. */
  readonly province: string | null;
  readonly year: number;
  /** Fields that may never be absent. What is required only in a certain case is a rule. */
  readonly required: Readonly<Record<EntityName, readonly string[]>>;
}

const fieldList = { type: "array", items: { type: "string" }, uniqueItems: true } as const;

const isProfile = new Ajv2020({ allowUnionTypes: true }).compile<Profile>({
  type: "object",
  required: ["id", "province", "year", "required"],
  additionalProperties: false,
  properties: {
    id: { type: "string", pattern: "^[a-z0-9-]+$" },
    province: { type: ["string", "null"], pattern: "^\\d{2}$" },
    year: { type: "integer" },
    required: {
      type: "object",
      required: entityNames,
      additionalProperties: false,
      properties: Object.fromEntries(entityNames.map((entity) => [entity, fieldList])),
    },
  },
});

const profiles = new Map<string, Profile>();

/** The profiles that ship: the names of the files in `profiles/`. */
export function profileNames(): readonly string[] {
  return readdirSync(contractsPath("profiles"))
    .filter((file) => file.endsWith(".json"))
    .map((file) => file.slice(0, -".json".length))
    .toSorted();
}

/** A profile by name. Configuration is checked against `profileNames`, so an unknown one is INVARIANT_BROKEN. */
export function profile(name: string): Profile {
  const known = profiles.get(name);
  if (known !== undefined) return known;
  if (!profileNames().includes(name)) {
    throw new DuijieError("INVARIANT_BROKEN", { what: "profile", profile: name });
  }
  const read = readProfile(name);
  profiles.set(name, read);
  return read;
}

function readProfile(name: string): Profile {
  const read: unknown = JSON.parse(readFileSync(contractsPath("profiles", `${name}.json`), "utf8"));
  if (!isProfile(read) || read.id !== name) {
    throw new DuijieError("INVARIANT_BROKEN", { what: "profile malformed", profile: name });
  }
  for (const entity of entityNames) {
    for (const field of read.required[entity]) entityContract(entity).indexOf(field);
  }
  return Object.freeze(read);
}
