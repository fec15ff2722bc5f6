import type { FigureStatement } from "../exchange-db/figures.ts";

const statement = (sql: string): FigureStatement => ({ sql, isOfProvince: false });

const inbox = statement(`
  WITH sums AS (
    SELECT province, entity, count(*) FILTER (WHERE refusal_code IS NULL) AS applied_batches,
      count(*) FILTER (WHERE refusal_code IS NOT NULL) AS refused_batches,
      coalesce(sum(applied_count), 0) AS applied,
      coalesce(sum(wire_count - applied_count) FILTER (WHERE refusal_code IS NULL), 0) AS not_applied,
      coalesce(sum(wire_count) FILTER (WHERE refusal_code IS NOT NULL), 0) AS refused
    FROM national.inbox GROUP BY province, entity)
  SELECT 'duijie_national_batches' AS metric, province, entity, b.result, NULL AS outcome, b.batches AS value
  FROM sums CROSS JOIN LATERAL (VALUES ('applied', applied_batches), ('refused', refused_batches)) AS b(result, batches)
  UNION ALL
  SELECT 'duijie_national_records', province, entity, NULL, o.outcome, o.records
  FROM sums CROSS JOIN LATERAL (VALUES ('applied', applied), ('not_applied', not_applied), ('refused', refused)) AS o(outcome, records)`);

const provinces = statement(`
  SELECT 'duijie_national_repeats' AS metric, province, sum(repeats) AS value FROM national.inbox GROUP BY province
  UNION ALL
  SELECT 'duijie_national_last_received_seconds', province, extract(epoch FROM now() - max(received_at))
  FROM national.inbox GROUP BY province
  UNION ALL
  SELECT 'duijie_national_answers_unsent', province, count(*) FROM national.answer WHERE sent_at IS NULL GROUP BY province
  UNION ALL
  SELECT 'duijie_national_oldest_unsent_seconds', NULL, coalesce(extract(epoch FROM now() - min(created_at)), 0)
  FROM national.answer WHERE sent_at IS NULL`);

const messages = statement(`
  SELECT 'duijie_refused_messages' AS metric, code, count(*) AS value FROM national.refusal GROUP BY code
  UNION ALL
  SELECT 'duijie_positions_lost', NULL, count(*) FROM national.consumer_position WHERE lost_at IS NOT NULL`);

export const nationalFigures: readonly FigureStatement[] = [inbox, provinces, messages];
