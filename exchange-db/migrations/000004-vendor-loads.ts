import type { MigrationInterface, QueryRunner } from "typeorm";
import { loadTablesSql } from "./000004-load-tables.ts";
import { vendorGuardsSql } from "./000004-vendor-guards.ts";
import { vendorVerdictsSql } from "./000004-vendor-verdicts.ts";

/** Vendors write by SQL: loads that are opened, filled and closed, and what became of each row. */
export class VendorLoads1700000000004 implements MigrationInterface {
  readonly name = "VendorLoads1700000000004";

  async up(runner: QueryRunner): Promise<void> {
    for (const sql of [vendorLoadSql, loadTablesSql, vendorGuardsSql, vendorVerdictsSql]) {
      await runner.query(sql);
    }
  }

  down(): Promise<void> {
    return Promise.reject(new Error("migrations only go forward"));
  }
}

/**
 * What a vendor may write of a load are three columns (state, is_complete, declared). The constraints tie the states
 * that are ours to columns that are not the vendor's, so that no privilege on the state alone can reach them.
 */
const vendorLoadSql = `
CREATE TABLE staging.vendor_load (
  province text NOT NULL,
  load_id bigint GENERATED ALWAYS AS IDENTITY,
  vendor text NOT NULL CHECK (vendor ~ '\\S'),
  note text,
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closed', 'taken', 'done', 'abandoned')),
  is_complete boolean NOT NULL DEFAULT false,
  declared jsonb NOT NULL DEFAULT '{}',
  opened_at timestamptz NOT NULL DEFAULT now(),
  opened_by text NOT NULL DEFAULT session_user,
  closed_at timestamptz,
  closed_by text,
  abandoned_at timestamptz,
  run_id bigint,
  taken_at timestamptz,
  done_at timestamptz,
  purged_at timestamptz,
  PRIMARY KEY (province, load_id),
  CHECK ((state IN ('taken', 'done')) = (run_id IS NOT NULL)),
  CHECK ((state = 'done') = (done_at IS NOT NULL)),
  CHECK ((state = 'abandoned') = (abandoned_at IS NOT NULL)),
  CHECK (state IN ('open', 'abandoned') OR closed_at IS NOT NULL)
);
CREATE INDEX vendor_load_waiting ON staging.vendor_load (province, load_id) WHERE state IN ('open', 'closed', 'taken');
CREATE INDEX vendor_load_run ON staging.vendor_load (run_id) WHERE run_id IS NOT NULL;
COMMENT ON TABLE staging.vendor_load IS '厂商装载：打开、写入、关闭；只读取已关闭的';
COMMENT ON COLUMN staging.vendor_load.province IS '省级行政区划代码前两位';
COMMENT ON COLUMN staging.vendor_load.load_id IS '装载号';
COMMENT ON COLUMN staging.vendor_load.vendor IS '厂商名称';
COMMENT ON COLUMN staging.vendor_load.note IS '厂商备注；不要写个人信息';
COMMENT ON COLUMN staging.vendor_load.state IS '状态：open 打开，closed 已关闭待读取，taken 正在装载，done 已完成，abandoned 已放弃';
COMMENT ON COLUMN staging.vendor_load.is_complete IS '是否为申报各类数据的全部：是则缺少的记录按删除处理';
COMMENT ON COLUMN staging.vendor_load.declared IS '关闭时申报的条数，按数据种类';
COMMENT ON COLUMN staging.vendor_load.opened_at IS '打开时间';
COMMENT ON COLUMN staging.vendor_load.opened_by IS '打开者（数据库用户）';
COMMENT ON COLUMN staging.vendor_load.closed_at IS '关闭时间';
COMMENT ON COLUMN staging.vendor_load.closed_by IS '关闭者（数据库用户）';
COMMENT ON COLUMN staging.vendor_load.abandoned_at IS '放弃时间';
COMMENT ON COLUMN staging.vendor_load.run_id IS '装载它的任务号';
COMMENT ON COLUMN staging.vendor_load.taken_at IS '开始装载时间';
COMMENT ON COLUMN staging.vendor_load.done_at IS '装载完成时间';
COMMENT ON COLUMN staging.vendor_load.purged_at IS '写入的行被清除的时间';

ALTER TABLE exchange.run ADD COLUMN absence_accepted boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN exchange.run.absence_accepted IS '完整装载的删除超限后已由人工放行';
ALTER TABLE exchange.landing DROP CONSTRAINT landing_origin_check;
ALTER TABLE exchange.landing ADD CONSTRAINT landing_origin_check
  CHECK (origin IN ('chunk', 'release', 'replay', 'absence', 'recall-delete', 'recall-prior', 'recall-parked', 'recall-left'));
COMMENT ON COLUMN exchange.landing.origin IS '来源:chunk 分块,release 父记录到达放行,replay 重放,absence 完整装载中缺少即删除,recall-delete 撤回时删除,recall-prior 撤回时恢复旧记录,recall-parked 撤回时恢复未通过的旧记录,recall-left 撤回时因已有更新记录而不动';
`;
