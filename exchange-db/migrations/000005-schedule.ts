import type { MigrationInterface, QueryRunner } from "typeorm";

/** Loads by schedule: due times and what came of them, alarms, signs of life of the processes. */
export class Schedule1700000000005 implements MigrationInterface {
  readonly name = "Schedule1700000000005";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(sql);
  }

  down(): Promise<void> {
    return Promise.reject(new Error("migrations only go forward"));
  }
}

const sql = `
CREATE TABLE exchange.schedule (
  province text PRIMARY KEY,
  fingerprint text NOT NULL,
  since_at timestamptz NOT NULL
);
COMMENT ON TABLE exchange.schedule IS '定时装载:现行的到期规则';
COMMENT ON COLUMN exchange.schedule.province IS '省份代码(两位)';
COMMENT ON COLUMN exchange.schedule.fingerprint IS '到期规则(cron 与时区)';
COMMENT ON COLUMN exchange.schedule.since_at IS '该规则从何时起有效;更早的到期时刻不算错过';

CREATE TABLE exchange.schedule_run (
  province text NOT NULL,
  due_at timestamptz NOT NULL,
  state text NOT NULL CHECK (state IN ('due', 'running', 'paused', 'held', 'done', 'failed', 'stopped', 'missed', 'skipped')),
  reason text,
  run_id bigint REFERENCES exchange.run,
  opens_at timestamptz,
  window_count integer NOT NULL DEFAULT 0,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  ended_at timestamptz,
  PRIMARY KEY (province, due_at)
);
CREATE UNIQUE INDEX schedule_run_open ON exchange.schedule_run (province) WHERE state IN ('due', 'running', 'paused', 'held');
CREATE INDEX schedule_run_run ON exchange.schedule_run (run_id);
COMMENT ON TABLE exchange.schedule_run IS '定时装载的每个到期时刻及其结果;一省同时只有一个未了结';
COMMENT ON COLUMN exchange.schedule_run.province IS '省份代码(两位)';
COMMENT ON COLUMN exchange.schedule_run.due_at IS '到期时刻';
COMMENT ON COLUMN exchange.schedule_run.state IS '状态:due 待开始,running 进行,paused 时段外暂停,held 隔离率超限待人工,done 完成,failed 失败,stopped 人工终止,missed 错过,skipped 略过';
COMMENT ON COLUMN exchange.schedule_run.reason IS '原因:window 时段,blackout 停用日,overlap 上一次未完,slept 当时没有进程,caught-up 由补做代替,person 人工暂停,或错误代码';
COMMENT ON COLUMN exchange.schedule_run.run_id IS '装载任务号';
COMMENT ON COLUMN exchange.schedule_run.opens_at IS '暂停后何时可以接着做';
COMMENT ON COLUMN exchange.schedule_run.window_count IS '用了几个时段';
COMMENT ON COLUMN exchange.schedule_run.recorded_at IS '登记时间';
COMMENT ON COLUMN exchange.schedule_run.started_at IS '开始时间';
COMMENT ON COLUMN exchange.schedule_run.ended_at IS '了结时间';

CREATE TABLE exchange.schedule_alarm (
  province text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('missed', 'late', 'failed', 'failing', 'held', 'silent')),
  subject_at timestamptz NOT NULL,
  run_id bigint,
  reason text,
  raised_by text NOT NULL,
  raised_at timestamptz NOT NULL DEFAULT now(),
  attempts integer NOT NULL DEFAULT 0,
  claimed_until timestamptz,
  delivered_at timestamptz,
  exit_code integer,
  PRIMARY KEY (province, kind, subject_at)
);
COMMENT ON TABLE exchange.schedule_alarm IS '定时装载的告警;同一件事只告警一次';
COMMENT ON COLUMN exchange.schedule_alarm.province IS '省份代码(两位)';
COMMENT ON COLUMN exchange.schedule_alarm.kind IS '种类:missed 错过未开始,late 逾期未完,failed 失败,failing 出错将重试,held 隔离率超限,silent 定时进程没有动静';
COMMENT ON COLUMN exchange.schedule_alarm.subject_at IS '所指的到期时刻;silent 为最后一次动静的时间';
COMMENT ON COLUMN exchange.schedule_alarm.run_id IS '装载任务号';
COMMENT ON COLUMN exchange.schedule_alarm.reason IS '原因或错误代码';
COMMENT ON COLUMN exchange.schedule_alarm.raised_by IS '发出告警的进程';
COMMENT ON COLUMN exchange.schedule_alarm.raised_at IS '告警时间';
COMMENT ON COLUMN exchange.schedule_alarm.attempts IS '已执行告警命令的次数';
COMMENT ON COLUMN exchange.schedule_alarm.claimed_until IS '某进程正在送出,到此时为止';
COMMENT ON COLUMN exchange.schedule_alarm.delivered_at IS '送出时间;没有告警命令时为记入日志的时间';
COMMENT ON COLUMN exchange.schedule_alarm.exit_code IS '告警命令最近一次的退出码;空为未能执行或超时';

CREATE TABLE exchange.schedule_process (
  province text NOT NULL,
  owner text NOT NULL,
  role text NOT NULL CHECK (role IN ('run', 'watch')),
  started_at timestamptz NOT NULL DEFAULT now(),
  seen_at timestamptz NOT NULL DEFAULT now(),
  stopped_at timestamptz,
  PRIMARY KEY (province, owner)
);
COMMENT ON TABLE exchange.schedule_process IS '定时与监视进程的动静(数据库时钟)';
COMMENT ON COLUMN exchange.schedule_process.province IS '省份代码(两位)';
COMMENT ON COLUMN exchange.schedule_process.owner IS '进程';
COMMENT ON COLUMN exchange.schedule_process.role IS '种类:run 定时,watch 监视';
COMMENT ON COLUMN exchange.schedule_process.started_at IS '启动时间';
COMMENT ON COLUMN exchange.schedule_process.seen_at IS '最后一次动静';
COMMENT ON COLUMN exchange.schedule_process.stopped_at IS '正常停止的时间';
`;
