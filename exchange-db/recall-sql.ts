import type { EntityName } from "../contracts/entity.ts";
import { type EntityContract, entityContract } from "../contracts/registry.ts";

/** Runs whose rows may be gone back to: neither the one being recalled nor any that was recalled before. */
const eligible = (run: string, recalled: string) =>
  `${run}.run_id <> ${recalled} AND ${run}.state NOT IN ('recalling', 'recalled')`;

/** True of a row that was not on its way to be applied. The fence's verdict is none: that row was only late. */
export const isParked = (row: string, exception: string) =>
  `(${row}.wire_digest IS NULL OR (${exception}.batch_id IS NOT NULL AND ${exception}.code <> 'VERSION_SUPERSEDED'))`;

/** The newest row of `key` before `before` that may be gone back to. */
function priorRow(table: string, alias: string, before: string, recalled: string): string {
  return `LEFT JOIN LATERAL (SELECT x.* FROM staging.${table}_prior x
      JOIN exchange.batch xb ON xb.batch_id = x.batch_id JOIN exchange.run xr ON xr.run_id = xb.run_id
      WHERE x.province = s.province AND x.source_key = s.source_key AND x.batch_id < ${before} AND ${eligible("xr", recalled)}
      ORDER BY x.batch_id DESC LIMIT 1) ${alias} ON true
    LEFT JOIN exchange.exception ${alias}e ON ${alias}e.batch_id = ${alias}.batch_id AND ${alias}e.ordinal = ${alias}.batch_ordinal`;
}

/**
 * FROM and joins over an entity's staging rows, `$1` the province, `$2` the recalled run. `s` the row, `b` its batch,
 * `h.version` what the nation holds of the key and `hb` that version's batch.
 */
function heldRows({ table }: EntityContract): string {
  return `FROM staging.${table} s
    JOIN exchange.batch b ON b.batch_id = s.batch_id
    LEFT JOIN exchange.exception e ON e.batch_id = s.batch_id AND e.ordinal = s.batch_ordinal
    CROSS JOIN LATERAL (SELECT CASE WHEN b.state = 'settled' AND s.wire_digest IS NOT NULL AND e.batch_id IS NULL
      THEN s.batch_id ELSE s.agreed_national_version END AS version) h
    LEFT JOIN exchange.batch hb ON hb.batch_id = h.version`;
}

/**
 * Rows of which the nation holds the recalled run's version. `n` is what it held before: the newest earlier row, or, where
 * that one was parked, the one that was agreed on below it; no row where it held nothing. `is_gone`: it held something
 * that is not kept any more.
 */
export function compensableRows(entity: EntityName): string {
  const contract = entityContract(entity);
  const { table } = contract;
  return `${heldRows(contract)}
    ${priorRow(table, "p", "h.version", "$2")}
    LEFT JOIN LATERAL (SELECT x.* FROM staging.${table}_prior x
      WHERE x.province = s.province AND x.source_key = s.source_key
        AND x.batch_id = CASE WHEN ${isParked("p", "pe")} THEN p.agreed_national_version ELSE p.batch_id END) n ON true
    LEFT JOIN LATERAL (SELECT CASE WHEN s.batch_id = h.version THEN s.agreed_national_version
      ELSE (SELECT x.agreed_national_version FROM staging.${table}_prior x
            WHERE x.province = s.province AND x.source_key = s.source_key AND x.batch_id = h.version) END AS version) f ON true
    LEFT JOIN exchange.batch fb ON fb.batch_id = f.version LEFT JOIN exchange.run fr ON fr.run_id = fb.run_id
    CROSS JOIN LATERAL (SELECT n.batch_id IS NULL OR n.op = 'delete' AS is_deletion,
      n.batch_id IS NULL AND fr.run_id IS NOT NULL AND ${eligible("fr", "$2")} AS is_gone) j
    WHERE s.province = $1 AND hb.run_id = $2
      AND NOT (b.run_id <> $2 AND e.code IS NOT DISTINCT FROM 'RECALL_INEXACT')`;
}

/** Rows of the recalled run that the nation never applied. `p` is the row that they replaced, if any. */
export function withdrawableRows(entity: EntityName): string {
  const contract = entityContract(entity);
  return `${heldRows(contract)}
    ${priorRow(contract.table, "p", "s.batch_id", "$2")}
    WHERE s.province = $1 AND b.run_id = $2 AND hb.run_id IS DISTINCT FROM $2`;
}

/** Rows that the recall `$3` restored at the nation, over a row `p` that was parked: which has to be parked again. */
export function reparkableRows(entity: EntityName): string {
  const contract = entityContract(entity);
  return `${heldRows(contract)}
    ${priorRow(contract.table, "p", "s.batch_id", "$2")}
    JOIN exchange.batch pb ON pb.batch_id = p.batch_id
    WHERE s.province = $1 AND b.run_id = $3 AND h.version = s.batch_id AND pb.run_id <> $3 AND s.origin <> 'recall-parked'
      AND ${isParked("p", "pe")}`;
}

/** Keys of which the recalled run `$2` landed a row that newer runs replaced, and that recall `$3` did not touch. */
export function leftRows(entity: EntityName): string {
  const { table } = entityContract(entity);
  const touched = (relation: string) =>
    `NOT EXISTS (SELECT 1 FROM staging.${relation} x JOIN exchange.batch xb ON xb.batch_id = x.batch_id
       WHERE x.province = r.province AND x.source_key = r.source_key AND (xb.run_id = $3 OR ('${relation}' = '${table}' AND xb.run_id = $2)))`;
  return `FROM (SELECT DISTINCT x.province, x.source_key FROM staging.${table}_prior x JOIN exchange.batch xb ON xb.batch_id = x.batch_id
      WHERE x.province = $1 AND xb.run_id = $2) r
    WHERE ${touched(table)} AND ${touched(`${table}_prior`)}`;
}
