import type { FieldValue } from "../../contracts/entity.ts";
import { type EntityContract, entityContract } from "../../contracts/registry.ts";
import type { StoreClient } from "../../exchange-db/store.ts";
import type { Verdict, VerifiedBatch, WireRecord } from "../../pipeline/registry-port.ts";

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
  const asked = contract.parents.map((parent, place) => {
    const identifierOf = parentOf(contract.indexOf(parent.field), place);
    return { parent, identifierOf, identifiers: distinct(batch, identifierOf) };
  });
  const missing = await missingParents(session, batch.province, asked);
  const verdicts = new Map<number, Verdict>();
  if (missing.every((identifiers) => identifiers.size === 0)) return verdicts;
  for (const record of batch.records) {
    const { key, op, ordinal } = record;
    if (op === "delete") continue;
    const found = asked.find(
      ({ identifierOf }, place) => missing[place]?.has(identifierOf(record) ?? "") === true,
    );
    if (found !== undefined)
      verdicts.set(ordinal, waiting(ordinal, key, found.parent, found.identifierOf(record) ?? ""));
  }
  return verdicts;
}

type IdentifierOf = (record: WireRecord) => FieldValue;

function parentOf(at: number, place: number): IdentifierOf {
  return (record) => (record.parents === undefined ? record.values[at] : record.parents[place]) ?? null;
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

function distinct(batch: VerifiedBatch, identifierOf: IdentifierOf): readonly string[] {
  const found = new Set<FieldValue>();
  for (const record of batch.records) if (record.op === "upsert") found.add(identifierOf(record));
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
    const wanted = `$${place + 2}::text[]`;
    // An array is looked up in one walk along the index; a question for each would begin at its root again.
    return `SELECT ${place} AS place, v FROM (SELECT unnest(${wanted}) COLLATE "C" AS v EXCEPT
      SELECT p.${column} COLLATE "C" FROM registry.${table} p WHERE p.province = $1 AND p.${column} = ANY (${wanted}) AND NOT p.is_deleted) missing`;
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
