import type { MigrationInterface, QueryRunner } from "typeorm";

/** Control tables of the exchange-db: runs, chunks, batches, outcomes. A published interface: changed only by a new migration. */
export class ControlTables1700000000001 implements MigrationInterface {
  readonly name = "ControlTables1700000000001";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(sql);
  }

  down(): Promise<void> {
    return Promise.reject(new Error("migrations only go forward"));
  }
}

const sql = `
CREATE SCHEMA IF NOT EXISTS exchange;
CREATE SCHEMA IF NOT EXISTS staging;
CREATE SCHEMA IF NOT EXISTS mapping;
COMMENT ON SCHEMA exchange IS '数据交换:装载、批次、结果';
COMMENT ON SCHEMA staging IS '中间库:省级学籍系统原始文本';
COMMENT ON SCHEMA mapping IS '对照表:省级代码到国家代码';

CREATE SEQUENCE exchange.batch_id_seq AS bigint;
COMMENT ON SEQUENCE exchange.batch_id_seq IS '批次号,亦即记录版本号;起点高于国家侧见过的最大批次号';

CREATE TABLE exchange.hello (
  nonce uuid PRIMARY KEY,
  province text NOT NULL,
  sent_at timestamptz NOT NULL DEFAULT now(),
  welcomed_at timestamptz,
  highest_batch_id bigint,
  contracts jsonb
);
COMMENT ON TABLE exchange.hello IS '与国家节点握手:问候与应答';
COMMENT ON COLUMN exchange.hello.nonce IS '问候编号';
COMMENT ON COLUMN exchange.hello.province IS '省份代码(两位)';
COMMENT ON COLUMN exchange.hello.sent_at IS '问候时间';
COMMENT ON COLUMN exchange.hello.welcomed_at IS '收到应答时间';
COMMENT ON COLUMN exchange.hello.highest_batch_id IS '国家侧见过的本省最大批次号';
COMMENT ON COLUMN exchange.hello.contracts IS '国家侧接受的数据规范版本';

CREATE TABLE exchange.run (
  run_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  province text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('load', 'replay')),
  state text NOT NULL CHECK (state IN ('running', 'paused', 'held', 'stopped', 'done', 'failed')),
  mapping_version bigint NOT NULL,
  profile text NOT NULL,
  scope jsonb NOT NULL DEFAULT '{}',
  entities jsonb NOT NULL DEFAULT '[]',
  share_accepted boolean NOT NULL DEFAULT false,
  hold jsonb,
  started_at timestamptz NOT NULL DEFAULT now(),
  ended_at timestamptz
);
CREATE UNIQUE INDEX run_open ON exchange.run (province) WHERE kind = 'load' AND state IN ('running', 'paused', 'held');
COMMENT ON TABLE exchange.run IS '装载任务;一省同时只有一个未结束的装载';
COMMENT ON COLUMN exchange.run.run_id IS '任务号';
COMMENT ON COLUMN exchange.run.province IS '省份代码(两位)';
COMMENT ON COLUMN exchange.run.kind IS '种类:load 装载,replay 重放';
COMMENT ON COLUMN exchange.run.state IS '状态:running 进行,paused 暂停,held 隔离率超限待人工,stopped 停止,done 完成,failed 失败';
COMMENT ON COLUMN exchange.run.mapping_version IS '本次固定使用的对照表版本';
COMMENT ON COLUMN exchange.run.profile IS '必填项方案';
COMMENT ON COLUMN exchange.run.scope IS '范围:学段、区县';
COMMENT ON COLUMN exchange.run.entities IS '本次装载的实体,按先后次序';
COMMENT ON COLUMN exchange.run.share_accepted IS '隔离率超限后已由人工放行';
COMMENT ON COLUMN exchange.run.hold IS '超限的实体、区县与比例';
COMMENT ON COLUMN exchange.run.started_at IS '开始时间';
COMMENT ON COLUMN exchange.run.ended_at IS '结束时间';

CREATE TABLE exchange.segment (
  province text NOT NULL,
  entity text NOT NULL,
  segment integer NOT NULL,
  source text NOT NULL,
  lower_key jsonb,
  upper_key jsonb,
  null_keys boolean NOT NULL,
  is_landed boolean NOT NULL DEFAULT false,
  PRIMARY KEY (province, entity, segment)
);
COMMENT ON TABLE exchange.segment IS '键区间(左闭右开);重跑沿用同一边界';
COMMENT ON COLUMN exchange.segment.province IS '省份代码(两位)';
COMMENT ON COLUMN exchange.segment.entity IS '实体';
COMMENT ON COLUMN exchange.segment.segment IS '区间序号';
COMMENT ON COLUMN exchange.segment.source IS '来源表或查询及主键的指纹;变了则重新划分';
COMMENT ON COLUMN exchange.segment.lower_key IS '下界(含),空为不限';
COMMENT ON COLUMN exchange.segment.upper_key IS '上界(不含),空为不限';
COMMENT ON COLUMN exchange.segment.null_keys IS '主键为空的记录所在区间';
COMMENT ON COLUMN exchange.segment.is_landed IS '曾有记录落库';

CREATE TABLE exchange.chunk (
  run_id bigint NOT NULL REFERENCES exchange.run,
  entity text NOT NULL,
  segment integer NOT NULL,
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'leased', 'landed')),
  owner text,
  token uuid,
  lease_until timestamptz,
  leases integer NOT NULL DEFAULT 0,
  PRIMARY KEY (run_id, entity, segment)
);
COMMENT ON TABLE exchange.chunk IS '装载分块:由进程租用,租约到期由他人接手';
COMMENT ON COLUMN exchange.chunk.run_id IS '任务号';
COMMENT ON COLUMN exchange.chunk.entity IS '实体';
COMMENT ON COLUMN exchange.chunk.segment IS '区间序号';
COMMENT ON COLUMN exchange.chunk.state IS '状态:open 待做,leased 已租,landed 已落库';
COMMENT ON COLUMN exchange.chunk.owner IS '租用或完成它的进程';
COMMENT ON COLUMN exchange.chunk.token IS '租约令牌;落库时核对';
COMMENT ON COLUMN exchange.chunk.lease_until IS '租约到期时间';
COMMENT ON COLUMN exchange.chunk.leases IS '被租用次数';

CREATE TABLE exchange.run_county (
  run_id bigint NOT NULL REFERENCES exchange.run,
  entity text NOT NULL,
  county text NOT NULL,
  expected_count bigint NOT NULL,
  PRIMARY KEY (run_id, entity, county)
);
COMMENT ON TABLE exchange.run_county IS '任务开始时来源库按区县的记录数:隔离率的分母';
COMMENT ON COLUMN exchange.run_county.run_id IS '任务号';
COMMENT ON COLUMN exchange.run_county.entity IS '实体';
COMMENT ON COLUMN exchange.run_county.county IS '区县(省级原始值);无则为空串';
COMMENT ON COLUMN exchange.run_county.expected_count IS '记录数';

CREATE TABLE exchange.landing (
  landing_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  run_id bigint NOT NULL REFERENCES exchange.run,
  province text NOT NULL,
  entity text NOT NULL,
  segment integer,
  origin text NOT NULL CHECK (origin IN ('chunk', 'release', 'replay')),
  read_count integer NOT NULL,
  unchanged_count integer NOT NULL,
  warnings jsonb NOT NULL DEFAULT '{}',
  trace_id text NOT NULL,
  landed_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX landing_run ON exchange.landing (run_id, entity);
COMMENT ON TABLE exchange.landing IS '一次落库:读到多少条,多少条未变';
COMMENT ON COLUMN exchange.landing.landing_id IS '落库编号';
COMMENT ON COLUMN exchange.landing.run_id IS '任务号';
COMMENT ON COLUMN exchange.landing.province IS '省份代码(两位)';
COMMENT ON COLUMN exchange.landing.entity IS '实体';
COMMENT ON COLUMN exchange.landing.segment IS '区间序号;放行与重放为空';
COMMENT ON COLUMN exchange.landing.origin IS '来源:chunk 分块,release 父记录到达放行,replay 重放';
COMMENT ON COLUMN exchange.landing.read_count IS '读取条数';
COMMENT ON COLUMN exchange.landing.unchanged_count IS '未变条数';
COMMENT ON COLUMN exchange.landing.warnings IS '告警规则及条数';
COMMENT ON COLUMN exchange.landing.trace_id IS '追踪号';
COMMENT ON COLUMN exchange.landing.landed_at IS '落库时间';

CREATE TABLE exchange.landing_county (
  landing_id bigint NOT NULL REFERENCES exchange.landing,
  run_id bigint NOT NULL,
  entity text NOT NULL,
  county text NOT NULL,
  read_count integer NOT NULL,
  quarantined_count integer NOT NULL,
  PRIMARY KEY (landing_id, county)
);
CREATE INDEX landing_county_run ON exchange.landing_county (run_id, entity, county);
COMMENT ON TABLE exchange.landing_county IS '每次落库按区县的读取与隔离条数';
COMMENT ON COLUMN exchange.landing_county.landing_id IS '落库编号';
COMMENT ON COLUMN exchange.landing_county.run_id IS '任务号';
COMMENT ON COLUMN exchange.landing_county.entity IS '实体';
COMMENT ON COLUMN exchange.landing_county.county IS '区县(省级原始值);无则为空串';
COMMENT ON COLUMN exchange.landing_county.read_count IS '读取条数';
COMMENT ON COLUMN exchange.landing_county.quarantined_count IS '隔离条数';

CREATE TABLE exchange.batch (
  batch_id bigint PRIMARY KEY,
  landing_id bigint NOT NULL REFERENCES exchange.landing,
  run_id bigint NOT NULL,
  province text NOT NULL,
  entity text NOT NULL,
  contract_version smallint NOT NULL,
  mapping_version bigint NOT NULL,
  record_count integer NOT NULL,
  wire_count integer NOT NULL CHECK (wire_count <= record_count),
  state text NOT NULL CHECK (state IN ('sealed', 'published', 'settled')),
  trace_id text NOT NULL,
  sealed_at timestamptz NOT NULL DEFAULT now(),
  published_at timestamptz,
  settled_at timestamptz
);
CREATE INDEX batch_run ON exchange.batch (run_id, entity);
CREATE INDEX batch_open ON exchange.batch (province, batch_id) WHERE state <> 'settled';
COMMENT ON TABLE exchange.batch IS '批次:封装、发布、结清';
COMMENT ON COLUMN exchange.batch.batch_id IS '批次号,亦即记录版本号';
COMMENT ON COLUMN exchange.batch.landing_id IS '落库编号';
COMMENT ON COLUMN exchange.batch.run_id IS '任务号';
COMMENT ON COLUMN exchange.batch.province IS '省份代码(两位)';
COMMENT ON COLUMN exchange.batch.entity IS '实体';
COMMENT ON COLUMN exchange.batch.contract_version IS '数据规范版本';
COMMENT ON COLUMN exchange.batch.mapping_version IS '对照表版本';
COMMENT ON COLUMN exchange.batch.record_count IS '本批记录数(含未发出的)';
COMMENT ON COLUMN exchange.batch.wire_count IS '发出的记录数';
COMMENT ON COLUMN exchange.batch.state IS '状态:sealed 已封装,published 已发布,settled 已结清';
COMMENT ON COLUMN exchange.batch.trace_id IS '追踪号';
COMMENT ON COLUMN exchange.batch.sealed_at IS '封装时间';
COMMENT ON COLUMN exchange.batch.published_at IS '发布时间';
COMMENT ON COLUMN exchange.batch.settled_at IS '结清时间';

CREATE TABLE exchange.batch_payload (
  batch_id bigint PRIMARY KEY REFERENCES exchange.batch,
  headers jsonb NOT NULL,
  bytes bytea NOT NULL
);
ALTER TABLE exchange.batch_payload ALTER COLUMN bytes SET STORAGE EXTERNAL;
COMMENT ON TABLE exchange.batch_payload IS '已签名的批次原文;重发时逐字节相同;结清并过保留期后清除';
COMMENT ON COLUMN exchange.batch_payload.batch_id IS '批次号';
COMMENT ON COLUMN exchange.batch_payload.headers IS '消息头(含签名)';
COMMENT ON COLUMN exchange.batch_payload.bytes IS '消息体(压缩)';

CREATE TABLE exchange.exception (
  batch_id bigint NOT NULL REFERENCES exchange.batch,
  ordinal integer NOT NULL,
  run_id bigint NOT NULL,
  province text NOT NULL,
  entity text NOT NULL,
  source_key text COLLATE "C",
  source_hash text,
  county text,
  on_wire boolean NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('quarantined', 'rejected', 'waiting', 'superseded')),
  code text NOT NULL,
  field text,
  findings jsonb NOT NULL DEFAULT '[]',
  raw jsonb,
  parent_entity text,
  parent_identifier text COLLATE "C",
  recorded_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (batch_id, ordinal)
);
CREATE INDEX exception_key ON exchange.exception (province, entity, source_key);
CREATE INDEX exception_open ON exchange.exception (province, entity, code, batch_id, ordinal)
  WHERE outcome IN ('quarantined', 'rejected', 'waiting');
CREATE INDEX exception_parent ON exchange.exception (province, parent_entity, parent_identifier) WHERE outcome = 'waiting';
CREATE INDEX exception_run ON exchange.exception (run_id, entity);
COMMENT ON TABLE exchange.exception IS '结果与所在批次不同的记录';
COMMENT ON COLUMN exchange.exception.batch_id IS '批次号';
COMMENT ON COLUMN exchange.exception.ordinal IS '批内序号';
COMMENT ON COLUMN exchange.exception.run_id IS '任务号';
COMMENT ON COLUMN exchange.exception.province IS '省份代码(两位)';
COMMENT ON COLUMN exchange.exception.entity IS '实体';
COMMENT ON COLUMN exchange.exception.source_key IS '来源主键;缺主键者为空';
COMMENT ON COLUMN exchange.exception.source_hash IS '来源行摘要';
COMMENT ON COLUMN exchange.exception.county IS '区县(省级原始值)';
COMMENT ON COLUMN exchange.exception.on_wire IS '是否已发出';
COMMENT ON COLUMN exchange.exception.outcome IS '结果:quarantined 隔离,rejected 国家侧拒绝,waiting 等待父记录,superseded 已被新版本取代';
COMMENT ON COLUMN exchange.exception.code IS '错误代码,见 docs/errors.md';
COMMENT ON COLUMN exchange.exception.field IS '字段';
COMMENT ON COLUMN exchange.exception.findings IS '全部问题:代码、字段、规则、原始代码值';
COMMENT ON COLUMN exchange.exception.raw IS '不能落入中间库的原始值(主键缺失或重复、不可读)';
COMMENT ON COLUMN exchange.exception.parent_entity IS '等待的父实体';
COMMENT ON COLUMN exchange.exception.parent_identifier IS '等待的父记录标识';
COMMENT ON COLUMN exchange.exception.recorded_at IS '记录时间';

CREATE TABLE exchange.identifier (
  province text NOT NULL,
  entity text NOT NULL,
  identifier text COLLATE "C" NOT NULL,
  source_key text COLLATE "C" NOT NULL,
  PRIMARY KEY (province, entity, identifier, source_key)
);
COMMENT ON TABLE exchange.identifier IS '被引用实体的国家标识与来源主键';
COMMENT ON COLUMN exchange.identifier.province IS '省份代码(两位)';
COMMENT ON COLUMN exchange.identifier.entity IS '实体';
COMMENT ON COLUMN exchange.identifier.identifier IS '标识(如学校标识码)';
COMMENT ON COLUMN exchange.identifier.source_key IS '来源主键';

CREATE TABLE exchange.receipt (
  batch_id bigint PRIMARY KEY REFERENCES exchange.batch,
  message_id text NOT NULL,
  headers jsonb NOT NULL,
  bytes bytea NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE exchange.receipt IS '国家侧回执原文';
COMMENT ON COLUMN exchange.receipt.batch_id IS '批次号';
COMMENT ON COLUMN exchange.receipt.message_id IS '回执消息号';
COMMENT ON COLUMN exchange.receipt.headers IS '消息头(含签名)';
COMMENT ON COLUMN exchange.receipt.bytes IS '消息体(压缩)';
COMMENT ON COLUMN exchange.receipt.received_at IS '收到时间';

CREATE TABLE exchange.refusal (
  topic text NOT NULL,
  partition integer NOT NULL,
  message_offset bigint NOT NULL,
  code text NOT NULL,
  message_id text,
  key_id text,
  digest bytea NOT NULL,
  size_bytes integer NOT NULL,
  refused_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (topic, partition, message_offset)
);
COMMENT ON TABLE exchange.refusal IS '拒收的下行消息';
COMMENT ON COLUMN exchange.refusal.topic IS '主题';
COMMENT ON COLUMN exchange.refusal.partition IS '分区';
COMMENT ON COLUMN exchange.refusal.message_offset IS '位置';
COMMENT ON COLUMN exchange.refusal.code IS '错误代码';
COMMENT ON COLUMN exchange.refusal.message_id IS '自称的消息号';
COMMENT ON COLUMN exchange.refusal.key_id IS '自称的密钥号';
COMMENT ON COLUMN exchange.refusal.digest IS '消息体 SHA-256';
COMMENT ON COLUMN exchange.refusal.size_bytes IS '字节数';
COMMENT ON COLUMN exchange.refusal.refused_at IS '拒收时间';

CREATE TABLE exchange.consumer_position (
  consumer text NOT NULL,
  topic text NOT NULL,
  partition integer NOT NULL,
  next_offset bigint NOT NULL,
  epoch bigint NOT NULL,
  lost_at timestamptz,
  PRIMARY KEY (consumer, topic, partition)
);
COMMENT ON TABLE exchange.consumer_position IS '下行主题的消费位置';
COMMENT ON COLUMN exchange.consumer_position.consumer IS '消费者';
COMMENT ON COLUMN exchange.consumer_position.topic IS '主题';
COMMENT ON COLUMN exchange.consumer_position.partition IS '分区';
COMMENT ON COLUMN exchange.consumer_position.next_offset IS '下一个位置';
COMMENT ON COLUMN exchange.consumer_position.epoch IS '归属代次;旧代次不能写';
COMMENT ON COLUMN exchange.consumer_position.lost_at IS '发现消息丢失的时间';

CREATE TABLE exchange.reconciliation (
  run_id bigint NOT NULL REFERENCES exchange.run,
  entity text NOT NULL,
  asked_id uuid NOT NULL,
  province_rows bigint NOT NULL,
  province_sum numeric NOT NULL,
  nation_rows bigint,
  nation_sum numeric,
  asked_at timestamptz NOT NULL DEFAULT now(),
  answered_at timestamptz,
  PRIMARY KEY (run_id, entity, asked_id)
);
COMMENT ON TABLE exchange.reconciliation IS '两侧核对:条数与摘要之和';
COMMENT ON COLUMN exchange.reconciliation.run_id IS '任务号';
COMMENT ON COLUMN exchange.reconciliation.entity IS '实体';
COMMENT ON COLUMN exchange.reconciliation.asked_id IS '核对请求号';
COMMENT ON COLUMN exchange.reconciliation.province_rows IS '省侧已应用条数';
COMMENT ON COLUMN exchange.reconciliation.province_sum IS '省侧摘要之和';
COMMENT ON COLUMN exchange.reconciliation.nation_rows IS '国家侧条数';
COMMENT ON COLUMN exchange.reconciliation.nation_sum IS '国家侧摘要之和(由列重算)';
COMMENT ON COLUMN exchange.reconciliation.asked_at IS '请求时间';
COMMENT ON COLUMN exchange.reconciliation.answered_at IS '应答时间';

CREATE TABLE mapping.version (
  mapping_version bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  province text NOT NULL,
  table_name text NOT NULL,
  entries integer NOT NULL,
  added integer NOT NULL,
  changed integer NOT NULL,
  removed integer NOT NULL,
  digest text NOT NULL,
  loaded_by text NOT NULL DEFAULT session_user,
  loaded_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE mapping.version IS '对照表版本:每次导入一个';
COMMENT ON COLUMN mapping.version.mapping_version IS '版本号';
COMMENT ON COLUMN mapping.version.province IS '省份代码(两位)';
COMMENT ON COLUMN mapping.version.table_name IS '对照表名';
COMMENT ON COLUMN mapping.version.entries IS '该表条目数';
COMMENT ON COLUMN mapping.version.added IS '新增条目数';
COMMENT ON COLUMN mapping.version.changed IS '修改条目数';
COMMENT ON COLUMN mapping.version.removed IS '删除条目数';
COMMENT ON COLUMN mapping.version.digest IS '该表内容 SHA-256';
COMMENT ON COLUMN mapping.version.loaded_by IS '导入的数据库用户';
COMMENT ON COLUMN mapping.version.loaded_at IS '导入时间';

CREATE TABLE mapping.entry (
  province text NOT NULL,
  table_name text NOT NULL,
  source_code text COLLATE "C" NOT NULL,
  from_version bigint NOT NULL REFERENCES mapping.version,
  to_version bigint REFERENCES mapping.version,
  target_code text NOT NULL,
  note text,
  PRIMARY KEY (province, table_name, source_code, from_version)
);
COMMENT ON TABLE mapping.entry IS '对照条目;from_version 起(含)至 to_version 止(不含)有效';
COMMENT ON COLUMN mapping.entry.province IS '省份代码(两位)';
COMMENT ON COLUMN mapping.entry.table_name IS '对照表名';
COMMENT ON COLUMN mapping.entry.source_code IS '省级代码';
COMMENT ON COLUMN mapping.entry.from_version IS '起始版本(含)';
COMMENT ON COLUMN mapping.entry.to_version IS '终止版本(不含),空为当前有效';
COMMENT ON COLUMN mapping.entry.target_code IS '国家代码';
COMMENT ON COLUMN mapping.entry.note IS '说明';

CREATE VIEW exchange.ledger AS
SELECT l.province, l.run_id, l.entity, l.read, l.unchanged,
       coalesce(b.pending, 0) AS pending,
       coalesce(b.settled, 0) - coalesce(e.on_wire, 0) AS applied,
       coalesce(e.quarantined, 0) AS quarantined,
       coalesce(e.rejected, 0) AS rejected,
       coalesce(e.waiting, 0) AS waiting,
       coalesce(e.superseded, 0) AS superseded
FROM (SELECT province, run_id, entity, sum(read_count)::bigint AS read, sum(unchanged_count)::bigint AS unchanged
      FROM exchange.landing GROUP BY province, run_id, entity) l
LEFT JOIN (SELECT run_id, entity,
             coalesce(sum(wire_count) FILTER (WHERE state <> 'settled'), 0)::bigint AS pending,
             coalesce(sum(wire_count) FILTER (WHERE state = 'settled'), 0)::bigint AS settled
           FROM exchange.batch GROUP BY run_id, entity) b USING (run_id, entity)
LEFT JOIN (SELECT run_id, entity,
             count(*) FILTER (WHERE on_wire) AS on_wire,
             count(*) FILTER (WHERE outcome = 'quarantined') AS quarantined,
             count(*) FILTER (WHERE outcome = 'rejected') AS rejected,
             count(*) FILTER (WHERE outcome = 'waiting') AS waiting,
             count(*) FILTER (WHERE outcome = 'superseded') AS superseded
           FROM exchange.exception GROUP BY run_id, entity) e USING (run_id, entity);
COMMENT ON VIEW exchange.ledger IS '每任务每实体的结果账:read = 其余各项之和';
COMMENT ON COLUMN exchange.ledger.province IS '省份代码(两位)';
COMMENT ON COLUMN exchange.ledger.run_id IS '任务号';
COMMENT ON COLUMN exchange.ledger.entity IS '实体';
COMMENT ON COLUMN exchange.ledger.read IS '读取';
COMMENT ON COLUMN exchange.ledger.unchanged IS '未变';
COMMENT ON COLUMN exchange.ledger.pending IS '在途';
COMMENT ON COLUMN exchange.ledger.applied IS '国家侧已应用';
COMMENT ON COLUMN exchange.ledger.quarantined IS '隔离';
COMMENT ON COLUMN exchange.ledger.rejected IS '国家侧拒绝';
COMMENT ON COLUMN exchange.ledger.waiting IS '等待父记录';
COMMENT ON COLUMN exchange.ledger.superseded IS '已被新版本取代';

CREATE VIEW exchange.mapping_gap AS
SELECT e.province, e.entity, f ->> 'field' AS field, f ->> 'rule' AS table_name, f ->> 'value' AS source_code,
       count(*) AS records, min(e.batch_id) AS first_batch_id
FROM exchange.exception e CROSS JOIN LATERAL jsonb_array_elements(e.findings) f
WHERE e.outcome = 'quarantined' AND f ->> 'code' = 'MAPPING_MISSING'
GROUP BY e.province, e.entity, f ->> 'field', f ->> 'rule', f ->> 'value';
COMMENT ON VIEW exchange.mapping_gap IS '缺失的对照:字段、代码与受影响的记录数';
COMMENT ON COLUMN exchange.mapping_gap.province IS '省份代码(两位)';
COMMENT ON COLUMN exchange.mapping_gap.entity IS '实体';
COMMENT ON COLUMN exchange.mapping_gap.field IS '字段';
COMMENT ON COLUMN exchange.mapping_gap.table_name IS '对照表或代码表';
COMMENT ON COLUMN exchange.mapping_gap.source_code IS '省级代码';
COMMENT ON COLUMN exchange.mapping_gap.records IS '受影响的记录数';
COMMENT ON COLUMN exchange.mapping_gap.first_batch_id IS '最早出现的批次';
`;
