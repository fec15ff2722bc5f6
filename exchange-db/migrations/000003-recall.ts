import type { MigrationInterface, QueryRunner } from "typeorm";

/** Recalls: a run that takes another one back, batches that are never sent, records that were withdrawn. */
export class Recall1700000000003 implements MigrationInterface {
  readonly name = "Recall1700000000003";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(sql);
  }

  down(): Promise<void> {
    return Promise.reject(new Error("migrations only go forward"));
  }
}

const sql = `
ALTER TABLE exchange.run DROP CONSTRAINT run_kind_check, DROP CONSTRAINT run_state_check;
ALTER TABLE exchange.run ADD COLUMN recalls_run_id bigint,
  ADD CONSTRAINT run_kind_check CHECK (kind IN ('load', 'replay', 'recall')),
  ADD CONSTRAINT run_state_check CHECK (state IN ('running', 'paused', 'held', 'stopped', 'done', 'failed', 'recalling', 'recalled')),
  ADD CONSTRAINT run_recall_check CHECK ((kind = 'recall') = (recalls_run_id IS NOT NULL));
CREATE UNIQUE INDEX run_recall ON exchange.run (province, recalls_run_id);
CREATE UNIQUE INDEX run_recalling ON exchange.run (province) WHERE state = 'recalling';
COMMENT ON COLUMN exchange.run.kind IS '种类:load 装载,replay 重放,recall 撤回';
COMMENT ON COLUMN exchange.run.state IS '状态:running 进行,paused 暂停,held 隔离率超限待人工,stopped 停止,done 完成,failed 失败,recalling 撤回中,recalled 已撤回';
COMMENT ON COLUMN exchange.run.recalls_run_id IS '种类为 recall 时,被撤回的任务号';

ALTER TABLE exchange.landing DROP CONSTRAINT landing_origin_check;
ALTER TABLE exchange.landing ADD CONSTRAINT landing_origin_check CHECK (origin IN
  ('chunk', 'release', 'replay', 'recall-delete', 'recall-prior', 'recall-parked', 'recall-left'));
COMMENT ON COLUMN exchange.landing.origin IS '来源:chunk 分块,release 父记录到达放行,replay 重放,recall-delete 撤回时删除,recall-prior 撤回时恢复旧记录,recall-parked 撤回时恢复未通过的旧记录,recall-left 撤回时因已有更新记录而不动';

ALTER TABLE exchange.batch DROP CONSTRAINT batch_state_check;
ALTER TABLE exchange.batch ADD COLUMN send_begun_at timestamptz,
  ADD CONSTRAINT batch_state_check CHECK (state IN ('sealed', 'published', 'settled', 'withdrawn'));
-- Nobody noted until now whether sending had begun: as if it had.
UPDATE exchange.batch SET send_begun_at = coalesce(published_at, sealed_at) WHERE state IN ('sealed', 'published');
DROP INDEX exchange.batch_open;
CREATE INDEX batch_open ON exchange.batch (province, batch_id) WHERE state IN ('sealed', 'published');
COMMENT ON COLUMN exchange.batch.state IS '状态:sealed 已封装,published 已发布,settled 已结清,withdrawn 已撤回(从未发出,也不再发出)';
COMMENT ON COLUMN exchange.batch.send_begun_at IS '开始首次发送的时间,发送之前记下;为空则一定没有发出过';

ALTER TABLE exchange.exception DROP CONSTRAINT exception_outcome_check;
ALTER TABLE exchange.exception ADD CONSTRAINT exception_outcome_check
  CHECK (outcome IN ('quarantined', 'rejected', 'waiting', 'superseded', 'withdrawn'));
COMMENT ON COLUMN exchange.exception.outcome IS '结果:quarantined 隔离,rejected 国家侧拒绝,waiting 等待父记录,superseded 已被新版本取代,withdrawn 已随任务撤回';

CREATE OR REPLACE VIEW exchange.ledger AS
SELECT l.province, l.run_id, l.entity, l.read, l.unchanged,
       coalesce(b.pending, 0) AS pending,
       coalesce(b.settled, 0) - coalesce(e.on_wire, 0) AS applied,
       coalesce(e.quarantined, 0) AS quarantined,
       coalesce(e.rejected, 0) AS rejected,
       coalesce(e.waiting, 0) AS waiting,
       coalesce(e.superseded, 0) AS superseded,
       coalesce(b.withdrawn, 0) + coalesce(e.withdrawn, 0) AS withdrawn
FROM (SELECT province, run_id, entity, sum(read_count)::bigint AS read, sum(unchanged_count)::bigint AS unchanged
      FROM exchange.landing GROUP BY province, run_id, entity) l
LEFT JOIN (SELECT run_id, entity,
             coalesce(sum(wire_count) FILTER (WHERE state IN ('sealed', 'published')), 0)::bigint AS pending,
             coalesce(sum(wire_count) FILTER (WHERE state = 'settled'), 0)::bigint AS settled,
             coalesce(sum(wire_count) FILTER (WHERE state = 'withdrawn'), 0)::bigint AS withdrawn
           FROM exchange.batch GROUP BY run_id, entity) b USING (run_id, entity)
LEFT JOIN (SELECT run_id, entity,
             count(*) FILTER (WHERE on_wire) AS on_wire,
             count(*) FILTER (WHERE outcome = 'quarantined') AS quarantined,
             count(*) FILTER (WHERE outcome = 'rejected') AS rejected,
             count(*) FILTER (WHERE outcome = 'waiting') AS waiting,
             count(*) FILTER (WHERE outcome = 'superseded') AS superseded,
             count(*) FILTER (WHERE outcome = 'withdrawn') AS withdrawn
           FROM exchange.exception GROUP BY run_id, entity) e USING (run_id, entity);
COMMENT ON COLUMN exchange.ledger.withdrawn IS '已随任务撤回:未在国家侧应用';
`;
