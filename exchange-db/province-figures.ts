import { countiesMax, type FigureStatement } from "./figures.ts";

const ofProvince = (sql: string): FigureStatement => ({ sql, isOfProvince: true });

/** Sums per entity over all runs, for whatever outcomes the ledger has; what was read is their sum here too. */
const outcomes = ofProvince(`
  SELECT CASE o.key WHEN 'read' THEN 'duijie_records_read' ELSE 'duijie_records' END AS metric, l.entity, o.key AS outcome,
    sum(o.value::bigint) AS value
  FROM exchange.ledger l CROSS JOIN LATERAL jsonb_each_text(to_jsonb(l) - ARRAY['province', 'run_id', 'entity']) o
  WHERE l.province = $1 GROUP BY l.entity, o.key`);

const batches = ofProvince(`
  SELECT 'duijie_batches' AS metric, entity, s.state, s.batches AS value
  FROM (SELECT entity, count(*) FILTER (WHERE state = 'sealed') AS sealed,
          count(*) FILTER (WHERE state = 'published') AS published, count(*) FILTER (WHERE state = 'settled') AS settled
        FROM exchange.batch WHERE province = $1 GROUP BY entity) b
  CROSS JOIN LATERAL (VALUES ('sealed', sealed), ('published', published), ('settled', settled)) AS s(state, batches)`);

const ages = ofProvince(`
  SELECT 'duijie_oldest_unsettled_seconds' AS metric, coalesce(extract(epoch FROM now() - min(sealed_at)), 0) AS value
  FROM exchange.batch WHERE province = $1 AND state IN ('sealed', 'published')
  UNION ALL
  SELECT 'duijie_last_settled_seconds', extract(epoch FROM now() - max(settled_at))
  FROM exchange.batch WHERE province = $1 AND settled_at IS NOT NULL HAVING max(settled_at) IS NOT NULL`);

/** Batches from before their counties were counted stand under no county. */
const lag = ofProvince(`
  WITH open AS (
    SELECT b.entity, b.sealed_at, c.key AS county, c.value::bigint AS records
    FROM exchange.batch b CROSS JOIN LATERAL jsonb_each_text(CASE WHEN b.county_counts = '{}'
      THEN jsonb_build_object('', b.wire_count) ELSE b.county_counts END) c
    WHERE b.province = $1 AND b.state IN ('sealed', 'published')),
  ranked AS (SELECT county, row_number() OVER (ORDER BY sum(records) DESC, county) AS place FROM open GROUP BY county),
  named AS (SELECT o.entity, o.sealed_at, o.records, CASE WHEN r.place <= ${countiesMax} THEN o.county ELSE 'other' END AS county
            FROM open o JOIN ranked r USING (county))
  SELECT 'duijie_lag_records' AS metric, entity, county, sum(records) AS value FROM named GROUP BY entity, county
  UNION ALL
  SELECT 'duijie_lag_seconds', NULL, county, extract(epoch FROM now() - min(sealed_at)) FROM named GROUP BY county`);

const parked = ofProvince(`
  SELECT 'duijie_parked_records' AS metric, entity, outcome, code, count(*) AS value FROM exchange.exception
  WHERE province = $1 AND outcome IN ('quarantined', 'rejected', 'waiting') GROUP BY entity, outcome, code`);

const quarantinedByCounty = ofProvince(`
  WITH counted AS (
    SELECT coalesce(county, '') AS county, count(*) AS records FROM exchange.exception
    WHERE province = $1 AND outcome = 'quarantined' GROUP BY 1),
  named AS (SELECT CASE WHEN row_number() OVER (ORDER BY records DESC, county) <= ${countiesMax} THEN county ELSE 'other' END
              AS county, records FROM counted)
  SELECT 'duijie_quarantined_records' AS metric, county, sum(records) AS value FROM named GROUP BY county`);

const gaps = ofProvince(`
  WITH gaps AS (SELECT entity, table_name, count(DISTINCT source_code) AS codes, sum(records) AS records
                FROM exchange.mapping_gap WHERE province = $1 GROUP BY entity, table_name)
  SELECT 'duijie_mapping_gap_codes' AS metric, entity, table_name AS "table", codes AS value FROM gaps
  UNION ALL
  SELECT 'duijie_mapping_gap_records', entity, table_name, records FROM gaps`);

const newestLoad = ofProvince(`
  WITH newest AS (SELECT run_id, state FROM exchange.run WHERE province = $1 AND kind = 'load' ORDER BY run_id DESC LIMIT 1),
  expected AS (SELECT c.entity, sum(c.expected_count) AS rows FROM exchange.run_county c JOIN newest USING (run_id) GROUP BY c.entity),
  landed AS (SELECT l.entity, sum(l.read_count) FILTER (WHERE l.origin = 'chunk') AS rows
             FROM exchange.landing l JOIN newest USING (run_id) GROUP BY l.entity),
  parked AS (SELECT c.entity, sum(c.quarantined_count) AS rows FROM exchange.landing_county c JOIN newest USING (run_id) GROUP BY c.entity)
  SELECT 'duijie_load_state' AS metric, NULL AS entity, s.state, (s.state = newest.state)::int AS value
  FROM newest CROSS JOIN (VALUES ('running'), ('paused'), ('held'), ('stopped'), ('done'), ('failed'),
    ('recalling'), ('recalled')) AS s(state)
  UNION ALL SELECT 'duijie_load_rows_expected', entity, NULL, rows FROM expected
  UNION ALL SELECT 'duijie_load_rows_read', entity, NULL, coalesce(rows, 0) FROM landed
  UNION ALL SELECT 'duijie_load_quarantined_share', entity, NULL, coalesce(parked.rows, 0)::float8 / nullif(expected.rows, 0)
            FROM expected LEFT JOIN parked USING (entity) WHERE expected.rows > 0`);

const reconciliation = ofProvince(`
  SELECT 'duijie_reconciliation_equal' AS metric, entity, is_equal::int AS value FROM (
    SELECT DISTINCT ON (c.entity) c.entity, c.province_rows = c.nation_rows AND c.province_sum = c.nation_sum AS is_equal
    FROM exchange.reconciliation c JOIN exchange.run r USING (run_id)
    WHERE r.province = $1 AND c.answered_at IS NOT NULL ORDER BY c.entity, c.asked_at DESC) newest`);

const link = ofProvince(`
  SELECT 'duijie_refused_messages' AS metric, code, count(*) AS value FROM exchange.refusal WHERE province = $1 GROUP BY code
  UNION ALL
  SELECT 'duijie_positions_lost', NULL, count(*) FROM exchange.consumer_position WHERE province = $1 AND lost_at IS NOT NULL`);

const schedule: FigureStatement = {
  isOfProvince: true,
  table: "exchange.schedule_run",
  sql: `SELECT 'duijie_schedule_runs' AS metric, s.state, count(r.state) AS value
    FROM unnest(ARRAY['due', 'running', 'paused', 'held', 'done', 'failed', 'stopped', 'missed', 'skipped']) AS s(state)
    LEFT JOIN exchange.schedule_run r ON r.state = s.state AND r.province = $1 GROUP BY s.state`,
};

/** What costs: batches, landings and exceptions are summed, records never. */
export const provinceFigures: readonly FigureStatement[] = [
  outcomes,
  batches,
  ages,
  lag,
  parked,
  quarantinedByCounty,
  gaps,
  newestLoad,
  reconciliation,
  link,
  schedule,
];
