import type { MigrationInterface, QueryRunner } from "typeorm";
import { rowSecuritySql } from "../row-security.ts";

/**
 * Every table of a province knows its province, every key holds it, and policies bind each role to its own. Numbers come
 * first in a key, for statements look rows up by number.
 */
export class RowLevelSecurity1700000000009 implements MigrationInterface {
  readonly name = "RowLevelSecurity1700000000009";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(columns);
    await runner.query(keys);
    await runner.query(numbers);
    await runner.query(ledger);
    await runner.query(
      rowSecuritySql({ home: "exchange", schemas: ["exchange", "staging", "mapping"], isForAll: false }),
    );
  }

  down(): Promise<void> {
    return Promise.reject(new Error("migrations only go forward"));
  }
}

/** Tables that had it from their parent alone; of tables by topic, the topic's second part says it. */
const columns = [
  ...[
    ["exchange.chunk", "exchange.run", "run_id"],
    ["exchange.run_county", "exchange.run", "run_id"],
    ["exchange.landing_county", "exchange.landing", "landing_id"],
    ["exchange.batch_payload", "exchange.batch", "batch_id"],
    ["exchange.receipt", "exchange.batch", "batch_id"],
    ["exchange.reconciliation", "exchange.run", "run_id"],
  ].map(
    ([table, parent, key]) => `
ALTER TABLE ${table} ADD COLUMN province text;
UPDATE ${table} c SET province = p.province FROM ${parent} p WHERE p.${key} = c.${key};
ALTER TABLE ${table} ALTER COLUMN province SET NOT NULL;
COMMENT ON COLUMN ${table}.province IS '省份代码(两位)';`,
  ),
  ...["exchange.consumer_position", "exchange.refusal"].map(
    (table) => `
ALTER TABLE ${table} ADD COLUMN province text GENERATED ALWAYS AS (split_part(topic, '.', 2)) STORED;
COMMENT ON COLUMN ${table}.province IS '省份代码(两位),取自主题名';`,
  ),
].join("\n");

/**
 * A key without the province would tell by its violation what other provinces have. References move with the keys, also
 * those of tables that other migrations made.
 */
const keys = `
CREATE TEMPORARY TABLE rekeyed ON COMMIT DROP AS
SELECT c.conrelid AS id FROM pg_constraint c JOIN pg_class p ON p.oid = c.conrelid
JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attname = 'province' AND a.attgenerated = ''
WHERE c.contype = 'p' AND p.relnamespace::regnamespace::text IN ('exchange', 'staging', 'mapping') AND a.attnum <> ALL (c.conkey);

CREATE TEMPORARY TABLE reference ON COMMIT DROP AS
SELECT c.conname AS name, c.conrelid::regclass AS child, c.confrelid::regclass AS parent, a.attname AS child_column,
  b.attname AS parent_column, CASE c.confdeltype WHEN 'c' THEN ' ON DELETE CASCADE' ELSE '' END AS on_delete
FROM pg_constraint c
JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
JOIN pg_attribute b ON b.attrelid = c.confrelid AND b.attnum = c.confkey[1]
WHERE c.contype = 'f' AND array_length(c.conkey, 1) = 1
  AND c.confrelid IN (SELECT id FROM rekeyed);

DO $$
DECLARE
  r record;
  t regclass;
  key_columns text;
BEGIN
  FOR r IN SELECT * FROM reference LOOP
    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', r.child, r.name);
  END LOOP;
  FOR t IN
    SELECT id::regclass FROM rekeyed
  LOOP
    SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY k.place) INTO key_columns
    FROM pg_constraint c CROSS JOIN LATERAL unnest(c.conkey) WITH ORDINALITY AS k(attnum, place)
    JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.attnum WHERE c.contype = 'p' AND c.conrelid = t;
    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', t, (SELECT conname FROM pg_constraint WHERE contype = 'p' AND conrelid = t));
    EXECUTE format('ALTER TABLE %s ADD PRIMARY KEY (%s, province)', t, key_columns);
  END LOOP;
  FOR r IN SELECT * FROM reference LOOP
    EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I FOREIGN KEY (%I, province) REFERENCES %s (%I, province)%s',
      r.child, r.name, r.child_column, r.parent, r.parent_column, r.on_delete);
  END LOOP;
END
$$;
`;

/** As before, by province: run numbers alone may be used by a role for rows of its own. */
const ledger = `
CREATE OR REPLACE VIEW exchange.ledger AS
SELECT province, run_id, entity, l.read, l.unchanged,
       coalesce(b.pending, 0) AS pending,
       coalesce(b.settled, 0) - coalesce(e.on_wire, 0) AS applied,
       coalesce(e.quarantined, 0) AS quarantined,
       coalesce(e.rejected, 0) AS rejected,
       coalesce(e.waiting, 0) AS waiting,
       coalesce(e.superseded, 0) AS superseded,
       coalesce(b.withdrawn, 0) + coalesce(e.withdrawn, 0) AS withdrawn
FROM (SELECT province, run_id, entity, sum(read_count)::bigint AS read, sum(unchanged_count)::bigint AS unchanged
      FROM exchange.landing GROUP BY province, run_id, entity) l
LEFT JOIN (SELECT province, run_id, entity,
             coalesce(sum(wire_count) FILTER (WHERE state IN ('sealed', 'published')), 0)::bigint AS pending,
             coalesce(sum(wire_count) FILTER (WHERE state = 'settled'), 0)::bigint AS settled,
             coalesce(sum(wire_count) FILTER (WHERE state = 'withdrawn'), 0)::bigint AS withdrawn
           FROM exchange.batch GROUP BY province, run_id, entity) b USING (province, run_id, entity)
LEFT JOIN (SELECT province, run_id, entity,
             count(*) FILTER (WHERE on_wire) AS on_wire,
             count(*) FILTER (WHERE outcome = 'quarantined') AS quarantined,
             count(*) FILTER (WHERE outcome = 'rejected') AS rejected,
             count(*) FILTER (WHERE outcome = 'waiting') AS waiting,
             count(*) FILTER (WHERE outcome = 'superseded') AS superseded,
             count(*) FILTER (WHERE outcome = 'withdrawn') AS withdrawn
           FROM exchange.exception GROUP BY province, run_id, entity) e USING (province, run_id, entity);
`;

/** All provinces of a database take their numbers here: a role that could set it back would give others old versions. */
const numbers = `
CREATE FUNCTION exchange.raise_batch_ids(highest bigint) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $f$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('duijie.batch_id'));
  PERFORM setval('exchange.batch_id_seq', highest) FROM exchange.batch_id_seq WHERE last_value < highest;
END
$f$;
COMMENT ON FUNCTION exchange.raise_batch_ids(bigint) IS '把批次号提到给定值之上;只升不降';
REVOKE EXECUTE ON FUNCTION exchange.raise_batch_ids(bigint) FROM PUBLIC;
`;
