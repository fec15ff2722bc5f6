import { vendorEntities } from "./000004-vendor-guards.ts";

/** Of a load that was taken back nothing stands by its own run any more, whatever became of it before. */
const isRecalled = `EXISTS (SELECT 1 FROM exchange.run u WHERE u.province = l.province AND u.run_id = l.run_id
              AND u.state IN ('recalling', 'recalled'))`;

/**
 * What became of each row, for the vendor. The views are the owner's, so they show only loads that the function finds,
 * and that runs under the rights of whoever asks: row security on `vendor_load` holds for them too.
 */
export const vendorVerdictsSql = `
CREATE FUNCTION staging.visible_load() RETURNS TABLE (province text, load_id bigint)
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN QUERY SELECT v.province, v.load_id FROM staging.vendor_load v;
END $$;
COMMENT ON FUNCTION staging.visible_load() IS '本用户看得到的装载';

CREATE VIEW staging.load_verdict AS
${vendorEntities.map(([entity, table]) => rowVerdicts(entity, table)).join("UNION ALL")};
COMMENT ON VIEW staging.load_verdict IS '每个写入行的结果；不含个人信息';
COMMENT ON COLUMN staging.load_verdict.province IS '省级行政区划代码前两位';
COMMENT ON COLUMN staging.load_verdict.load_id IS '装载号';
COMMENT ON COLUMN staging.load_verdict.entity IS '数据种类';
COMMENT ON COLUMN staging.load_verdict.row_no IS '行号';
COMMENT ON COLUMN staging.load_verdict.source_key IS '省级系统中的主键';
COMMENT ON COLUMN staging.load_verdict.row_ref IS '厂商自己的行标识';
COMMENT ON COLUMN staging.load_verdict.outcome IS '结果：unchanged 未变，pending 在途，applied 国家侧已应用，quarantined 隔离，rejected 国家侧拒绝，waiting 等待上级记录，superseded 已被新版本取代，withdrawn 已随任务撤回；空为尚未判定';
COMMENT ON COLUMN staging.load_verdict.code IS '错误代码，见 docs/errors.md';
COMMENT ON COLUMN staging.load_verdict.field IS '字段';
COMMENT ON COLUMN staging.load_verdict.findings IS '全部问题：代码、字段、规则、原始代码值';
COMMENT ON COLUMN staging.load_verdict.waits_for IS '等待的上级记录';
COMMENT ON COLUMN staging.load_verdict.standing IS '这条记录现在的状况：applied、pending、quarantined、rejected、waiting、deleted；空为中间库里没有它';
COMMENT ON COLUMN staging.load_verdict.standing_code IS '现在的错误代码';
COMMENT ON COLUMN staging.load_verdict.batch_id IS '所在批次';

CREATE VIEW staging.load_deletion AS
${vendorEntities.map(([entity, table]) => deletions(entity, table)).join("UNION ALL")};
COMMENT ON VIEW staging.load_deletion IS '完整装载中缺少、因而删除的记录';
COMMENT ON COLUMN staging.load_deletion.province IS '省级行政区划代码前两位';
COMMENT ON COLUMN staging.load_deletion.load_id IS '装载号';
COMMENT ON COLUMN staging.load_deletion.entity IS '数据种类';
COMMENT ON COLUMN staging.load_deletion.source_key IS '省级系统中的主键';
COMMENT ON COLUMN staging.load_deletion.outcome IS '结果：pending 在途，applied 国家侧已应用，rejected 国家侧拒绝，waiting 等待，superseded 已被新版本取代，withdrawn 已随任务撤回';
COMMENT ON COLUMN staging.load_deletion.code IS '错误代码，见 docs/errors.md';
COMMENT ON COLUMN staging.load_deletion.batch_id IS '所在批次';

CREATE VIEW staging.load_summary AS
SELECT s.province, s.load_id, s.entity, s.op, s.outcome, count(*) AS records
FROM (SELECT province, load_id, entity, 'upsert' AS op, outcome FROM staging.load_verdict
      UNION ALL SELECT province, load_id, entity, 'delete', outcome FROM staging.load_deletion) s
GROUP BY s.province, s.load_id, s.entity, s.op, s.outcome;
COMMENT ON VIEW staging.load_summary IS '每个装载各类数据、各种结果的条数；upsert 之和等于申报条数';
COMMENT ON COLUMN staging.load_summary.province IS '省级行政区划代码前两位';
COMMENT ON COLUMN staging.load_summary.load_id IS '装载号';
COMMENT ON COLUMN staging.load_summary.entity IS '数据种类';
COMMENT ON COLUMN staging.load_summary.op IS 'upsert 写入的行，delete 因缺少而删除的记录';
COMMENT ON COLUMN staging.load_summary.outcome IS '结果；空为尚未判定';
COMMENT ON COLUMN staging.load_summary.records IS '条数';
`;

/**
 * A row's version is the newest one of its key that its load's run landed, in staging or among the rows that newer ones
 * replaced; a row without a version of its own (key missing or doubled) has its exception alone. A run that is done and
 * landed neither found the row unchanged: then its standing says how it is. LATERAL with LIMIT: rows by their key.
 */
function rowVerdicts(entity: string, table: string): string {
  return `
SELECT r.province, r.load_id, '${entity}' AS entity, r.row_no, r.source_key, r.row_ref,
       CASE WHEN ${isRecalled} THEN 'withdrawn'
            WHEN k.outcome IS NOT NULL THEN k.outcome
            WHEN v.batch_id IS NOT NULL THEN coalesce(v.outcome, CASE v.state WHEN 'settled' THEN 'applied' ELSE 'pending' END)
            WHEN l.state = 'done' THEN 'unchanged' END AS outcome,
       coalesce(k.code, v.code) AS code, coalesce(k.field, v.field) AS field, coalesce(k.findings, v.findings) AS findings,
       v.parent_entity || ' ' || v.parent_identifier AS waits_for,
       CASE WHEN n.batch_id IS NULL THEN o.outcome
            WHEN n.outcome IS NOT NULL THEN n.outcome
            WHEN n.state <> 'settled' THEN 'pending'
            WHEN n.op = 'delete' THEN 'deleted' ELSE 'applied' END AS standing,
       CASE WHEN n.batch_id IS NULL THEN o.code ELSE n.code END AS standing_code,
       coalesce(k.batch_id, v.batch_id) AS batch_id
FROM staging.load_${entity} r
JOIN staging.vendor_load l ON l.province = r.province AND l.load_id = r.load_id
LEFT JOIN LATERAL (
  SELECT e.batch_id, e.outcome, e.code, e.field, e.findings FROM exchange.exception e
  WHERE e.province = r.province AND e.entity = '${entity}' AND e.source_key = r.source_key AND e.run_id = l.run_id
    AND e.code = 'KEY_DUPLICATE'
  UNION ALL SELECT e.batch_id, e.outcome, e.code, e.field, e.findings FROM exchange.exception e
  WHERE e.province = r.province AND e.entity = '${entity}' AND e.source_key IS NULL AND r.source_key IS NULL AND e.run_id = l.run_id
  LIMIT 1) k ON true
LEFT JOIN LATERAL (
  SELECT b.batch_id, b.state, e.outcome, e.code, e.field, e.findings, e.parent_entity, e.parent_identifier
  FROM (SELECT s.batch_id, s.batch_ordinal, s.op FROM staging.${table} s
        WHERE s.province = r.province AND s.source_key = r.source_key
        UNION ALL SELECT p.batch_id, p.batch_ordinal, p.op FROM staging.${table}_prior p
        WHERE p.province = r.province AND p.source_key = r.source_key) x
  JOIN exchange.batch b ON b.province = r.province AND b.batch_id = x.batch_id AND b.run_id = l.run_id
  LEFT JOIN exchange.exception e ON e.province = r.province AND e.batch_id = x.batch_id AND e.ordinal = x.batch_ordinal
  WHERE x.op = 'upsert' ORDER BY x.batch_id DESC LIMIT 1) v ON true
LEFT JOIN LATERAL (
  SELECT s.batch_id, s.op, b.state, e.outcome, e.code FROM staging.${table} s
  JOIN exchange.batch b ON b.province = s.province AND b.batch_id = s.batch_id
  LEFT JOIN exchange.exception e ON e.province = s.province AND e.batch_id = s.batch_id AND e.ordinal = s.batch_ordinal
  WHERE s.province = r.province AND s.source_key = r.source_key LIMIT 1) n ON true
LEFT JOIN LATERAL (
  SELECT e.outcome, e.code FROM exchange.exception e
  WHERE n.batch_id IS NULL AND e.province = r.province AND e.entity = '${entity}'
    AND (e.source_key = r.source_key OR (e.source_key IS NULL AND r.source_key IS NULL))
    AND e.outcome = 'quarantined' LIMIT 1) o ON true
WHERE (r.province, r.load_id) IN (SELECT w.province, w.load_id FROM staging.visible_load() w)
`;
}

function deletions(entity: string, table: string): string {
  return `
SELECT l.province, l.load_id, '${entity}' AS entity, x.source_key,
       CASE WHEN ${isRecalled} THEN 'withdrawn'
            ELSE coalesce(e.outcome, CASE b.state WHEN 'settled' THEN 'applied' ELSE 'pending' END) END AS outcome, e.code, b.batch_id
FROM staging.vendor_load l
JOIN exchange.batch b ON b.province = l.province AND b.run_id = l.run_id AND b.entity = '${entity}'
JOIN exchange.landing g ON g.province = l.province AND g.landing_id = b.landing_id AND g.origin = 'absence'
JOIN (SELECT province, source_key, batch_id, batch_ordinal FROM staging.${table}
      UNION ALL SELECT province, source_key, batch_id, batch_ordinal FROM staging.${table}_prior) x
  ON x.province = l.province AND x.batch_id = b.batch_id
LEFT JOIN exchange.exception e ON e.province = l.province AND e.batch_id = b.batch_id AND e.ordinal = x.batch_ordinal
WHERE l.is_complete AND (l.province, l.load_id) IN (SELECT w.province, w.load_id FROM staging.visible_load() w)
`;
}
