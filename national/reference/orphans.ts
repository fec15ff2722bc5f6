import type { FieldValue } from "../../contracts/entity.ts";
import { type EntityContract, entityContract } from "../../contracts/registry.ts";
import type { StoreClient } from "../../exchange-db/store.ts";
import type { Verdict, VerifiedBatch } from "../../pipeline/registry-port.ts";

type Parent = EntityContract["parents"][number];

/**
 * Records of a batch whose parent is missing, by ordinal, with the first such parent in the contract's order. Many records of
 * a batch have the same parents (a class has fifty pupils), so each parent is asked for once. Wants `planSettings`.
 */
export async function orphans(
  session: StoreClient,
  contract: EntityContract,
  batch: VerifiedBatch,
): Promise<ReadonlyMap<number, Verdict>> {
  const asked = contract.parents.map((parent) => {
    const at = contract.indexOf(parent.field);
    return { parent, at, identifiers: distinct(batch, at) };
  });
  const missing = await missingParents(session, batch.province, asked);
  const verdicts = new Map<number, Verdict>();
  if (missing.every((identifiers) => identifiers.size === 0)) return verdicts;
  for (const { key, op, ordinal, values } of batch.records) {
    if (op === "delete") continue;
    const index = asked.findIndex(({ at }, place) => missing[place]?.has(values[at] ?? "") === true);
    const found = asked[index];
    if (found !== undefined)
      verdicts.set(ordinal, waiting(ordinal, key, found.parent, values[found.at] ?? ""));
  }
  return verdicts;
}

function waiting(ordinal: number, key: string, parent: Parent, identifier: string): Verdict {
  return {
    ordinal,
    key,
    outcome: "waiting",
    code: "PARENT_MISSING",
    field: parent.field,
    parent: { entity: parent.entity, identifier },
  };
}

function distinct(batch: VerifiedBatch, at: number): readonly string[] {
  const found = new Set<FieldValue>();
  for (const { op, values } of batch.records) if (op === "upsert") found.add(values[at] ?? null);
  return [...found].filter((value) => value !== null);
}

/** For each parent the identifiers that no living record of the province has. */
async function missingParents(
  session: StoreClient,
  province: string,
  asked: readonly { readonly parent: Parent; readonly identifiers: readonly string[] }[],
): Promise<readonly ReadonlySet<string>[]> {
  const parts = asked.map(({ parent }, place) => {
    const { columnOf, identifier, table } = target(parent);
    const column = identifier === null ? "source_key" : columnOf(identifier);
    return `SELECT ${place} AS place, v FROM unnest($${place + 2}::text[]) v WHERE NOT EXISTS
      (SELECT 1 FROM registry.${table} p WHERE p.province = $1 AND p.${column} = v AND NOT p.is_deleted)`;
  });
  if (parts.length === 0) return [];
  const found = await session.query<{ place: number; v: string }>(parts.join(" UNION ALL "), [
    province,
    ...asked.map(({ identifiers }) => identifiers),
  ]);
  return asked.map(
    (_, place) => new Set(found.rows.filter((row) => row.place === place).map((row) => row.v)),
  );
}

function target(parent: Parent) {
  const contract = entityContract(parent.entity);
  const columnOf = (name: string) => contract.fields[contract.indexOf(name)]?.column ?? "";
  return { identifier: contract.identifier, table: contract.table, columnOf };
}

/** Of orphans that a newer version has overtaken that alone is said: nobody has to wait for their parents. */
export async function overtakenFirst(
  session: StoreClient,
  contract: EntityContract,
  batch: VerifiedBatch,
  verdicts: ReadonlyMap<number, Verdict>,
): Promise<readonly Verdict[]> {
  const all = [...verdicts.values()];
  if (all.length === 0) return all;
  const found = await session.query<{ key: string }>(
    `SELECT source_key AS key FROM registry.${contract.table} WHERE province = $1 AND source_key = ANY ($2) AND version >= $3`,
    [batch.province, all.map(({ key }) => key), String(batch.batchId)],
  );
  const newer = new Set(found.rows.map(({ key }) => key));
  return all.map((verdict) =>
    newer.has(verdict.key)
      ? { ...verdict, outcome: "superseded", code: "VERSION_SUPERSEDED", field: null, parent: null }
      : verdict,
  );
}
