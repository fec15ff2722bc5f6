import type { MigrationInterface, QueryRunner } from "typeorm";

/** The national node's own tables: what came in, what was answered, what was refused, the ministry's reference data. */
export class NodeTables1700000000001 implements MigrationInterface {
  readonly name = "NodeTables1700000000001";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(sql);
  }

  down(): Promise<void> {
    return Promise.reject(new Error("migrations only go forward"));
  }
}

const sql = `
CREATE SCHEMA IF NOT EXISTS national;
CREATE SCHEMA IF NOT EXISTS ministry;
CREATE SCHEMA IF NOT EXISTS registry;
COMMENT ON SCHEMA national IS '国家节点:收件、回执、拒收、位置';
COMMENT ON SCHEMA ministry IS '部级基准:行政区划与学校(机构)代码';
COMMENT ON SCHEMA registry IS '国家学籍库';

CREATE TABLE national.inbox (
  province text NOT NULL,
  batch_id bigint NOT NULL,
  entity text NOT NULL,
  digest bytea NOT NULL,
  wire_count integer NOT NULL,
  applied_count integer NOT NULL,
  refusal_code text,
  repeats integer NOT NULL DEFAULT 0,
  received_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (province, batch_id)
);
COMMENT ON TABLE national.inbox IS '收到的批次;同号同文再答原回执,同号异文拒收';
COMMENT ON COLUMN national.inbox.province IS '省份代码(两位)';
COMMENT ON COLUMN national.inbox.batch_id IS '批次号';
COMMENT ON COLUMN national.inbox.entity IS '实体';
COMMENT ON COLUMN national.inbox.digest IS '消息头与消息体的 SHA-256';
COMMENT ON COLUMN national.inbox.wire_count IS '记录数';
COMMENT ON COLUMN national.inbox.applied_count IS '已应用记录数';
COMMENT ON COLUMN national.inbox.refusal_code IS '整批拒收的错误代码';
COMMENT ON COLUMN national.inbox.repeats IS '重复收到次数';
COMMENT ON COLUMN national.inbox.received_at IS '收到时间';

CREATE TABLE national.answer (
  province text NOT NULL,
  message_id text NOT NULL,
  in_reply_to text NOT NULL,
  headers jsonb NOT NULL,
  bytes bytea NOT NULL,
  sent_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (province, message_id)
);
CREATE INDEX answer_unsent ON national.answer (province, created_at) WHERE sent_at IS NULL;
COMMENT ON TABLE national.answer IS '发往省侧的应答(回执、问候应答、核对应答):启动时补发未发者';
COMMENT ON COLUMN national.answer.province IS '省份代码(两位)';
COMMENT ON COLUMN national.answer.message_id IS '消息号';
COMMENT ON COLUMN national.answer.in_reply_to IS '所答消息号';
COMMENT ON COLUMN national.answer.headers IS '消息头(含签名)';
COMMENT ON COLUMN national.answer.bytes IS '消息体(压缩)';
COMMENT ON COLUMN national.answer.sent_at IS '发出时间';
COMMENT ON COLUMN national.answer.created_at IS '生成时间';

CREATE TABLE national.refusal (
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
COMMENT ON TABLE national.refusal IS '拒收的消息';
COMMENT ON COLUMN national.refusal.topic IS '主题';
COMMENT ON COLUMN national.refusal.partition IS '分区';
COMMENT ON COLUMN national.refusal.message_offset IS '位置';
COMMENT ON COLUMN national.refusal.code IS '错误代码';
COMMENT ON COLUMN national.refusal.message_id IS '自称的消息号';
COMMENT ON COLUMN national.refusal.key_id IS '自称的密钥号';
COMMENT ON COLUMN national.refusal.digest IS '消息体 SHA-256';
COMMENT ON COLUMN national.refusal.size_bytes IS '字节数';
COMMENT ON COLUMN national.refusal.refused_at IS '拒收时间';

CREATE TABLE national.consumer_position (
  consumer text NOT NULL,
  topic text NOT NULL,
  partition integer NOT NULL,
  next_offset bigint NOT NULL,
  epoch bigint NOT NULL,
  lost_at timestamptz,
  PRIMARY KEY (consumer, topic, partition)
);
COMMENT ON TABLE national.consumer_position IS '上行主题的消费位置';
COMMENT ON COLUMN national.consumer_position.consumer IS '消费者';
COMMENT ON COLUMN national.consumer_position.topic IS '主题';
COMMENT ON COLUMN national.consumer_position.partition IS '分区';
COMMENT ON COLUMN national.consumer_position.next_offset IS '下一个位置';
COMMENT ON COLUMN national.consumer_position.epoch IS '归属代次;旧代次不能写';
COMMENT ON COLUMN national.consumer_position.lost_at IS '发现消息丢失的时间';

CREATE TABLE ministry.region (
  code text PRIMARY KEY,
  name_zh text NOT NULL,
  level text NOT NULL,
  parent_code text,
  effective_from text,
  effective_to text,
  successor_codes text
);
COMMENT ON TABLE ministry.region IS '行政区划(含历年撤销者)';
COMMENT ON COLUMN ministry.region.code IS '六位代码';
COMMENT ON COLUMN ministry.region.name_zh IS '名称';
COMMENT ON COLUMN ministry.region.level IS '级别';
COMMENT ON COLUMN ministry.region.parent_code IS '上级代码';
COMMENT ON COLUMN ministry.region.effective_from IS '启用年';
COMMENT ON COLUMN ministry.region.effective_to IS '停用年(不含),空为现行';
COMMENT ON COLUMN ministry.region.successor_codes IS '继承代码';

CREATE TABLE ministry.school (
  school_id text PRIMARY KEY,
  name text NOT NULL,
  school_type_code text NOT NULL,
  region_code text NOT NULL,
  managing_authority_code text NOT NULL,
  province text NOT NULL
);
CREATE INDEX school_province ON ministry.school (province);
COMMENT ON TABLE ministry.school IS '学校(机构)代码:由部下发,省不得自编';
COMMENT ON COLUMN ministry.school.school_id IS '学校标识码';
COMMENT ON COLUMN ministry.school.name IS '学校名称';
COMMENT ON COLUMN ministry.school.school_type_code IS '办学类型码';
COMMENT ON COLUMN ministry.school.region_code IS '驻地区划码(12 位)';
COMMENT ON COLUMN ministry.school.managing_authority_code IS '属地管理教育行政部门代码(12 位)';
COMMENT ON COLUMN ministry.school.province IS '省份代码(两位)';
`;
