/**
 * The durable log in PostgreSQL: a trial's stand-in for Kafka. Every statement may run again; the national node runs
 * them when the log is missing, or its owner by the GRANT script. A change to a table would be a statement more.
 */
export const logSchemaSql = `
CREATE SCHEMA IF NOT EXISTS broker;
COMMENT ON SCHEMA broker IS '消息日志:没有 Kafka 时供单机试用';

CREATE TABLE IF NOT EXISTS broker.topic (
  topic text COLLATE "C" PRIMARY KEY,
  partitions integer NOT NULL CHECK (partitions > 0),
  config jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE broker.topic IS '主题';
COMMENT ON COLUMN broker.topic.topic IS '主题名';
COMMENT ON COLUMN broker.topic.partitions IS '分区数';
COMMENT ON COLUMN broker.topic.config IS '设置,名称同 Kafka:max.message.bytes、retention.ms、retention.bytes';
COMMENT ON COLUMN broker.topic.created_at IS '建立时间';

CREATE TABLE IF NOT EXISTS broker.partition (
  topic text COLLATE "C" NOT NULL REFERENCES broker.topic ON DELETE CASCADE,
  partition integer NOT NULL,
  low_offset bigint NOT NULL DEFAULT 0,
  next_offset bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (topic, partition)
);
COMMENT ON TABLE broker.partition IS '分区;写入时锁住本行到提交,位移因此连续,且按提交次序可见';
COMMENT ON COLUMN broker.partition.topic IS '主题名';
COMMENT ON COLUMN broker.partition.partition IS '分区号,从 0 起';
COMMENT ON COLUMN broker.partition.low_offset IS '还保留的第一个位移';
COMMENT ON COLUMN broker.partition.next_offset IS '下一条消息的位移';

CREATE TABLE IF NOT EXISTS broker.message (
  topic text COLLATE "C" NOT NULL,
  partition integer NOT NULL,
  message_offset bigint NOT NULL,
  appended_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  bytes integer NOT NULL,
  headers json NOT NULL,
  value bytea NOT NULL,
  PRIMARY KEY (topic, partition, message_offset),
  FOREIGN KEY (topic, partition) REFERENCES broker.partition ON DELETE CASCADE
);
ALTER TABLE broker.message ALTER COLUMN value SET STORAGE EXTERNAL;
COMMENT ON TABLE broker.message IS '消息;只追加,过了保留期由程序清除';
COMMENT ON COLUMN broker.message.topic IS '主题名';
COMMENT ON COLUMN broker.message.partition IS '分区号';
COMMENT ON COLUMN broker.message.message_offset IS '位移';
COMMENT ON COLUMN broker.message.appended_at IS '写入时间(数据库时钟),只用于保留期';
COMMENT ON COLUMN broker.message.bytes IS '大小(字节),含消息头';
COMMENT ON COLUMN broker.message.headers IS '消息头';
COMMENT ON COLUMN broker.message.value IS '内容,原样保存';

CREATE TABLE IF NOT EXISTS broker.consumer_group (
  group_id text COLLATE "C" PRIMARY KEY,
  generation bigint NOT NULL DEFAULT 0
);
COMMENT ON TABLE broker.consumer_group IS '消费组';
COMMENT ON COLUMN broker.consumer_group.group_id IS '组名';
COMMENT ON COLUMN broker.consumer_group.generation IS '代:成员有变化就加一,分区随之重新分配';

CREATE TABLE IF NOT EXISTS broker.member (
  member_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  group_id text COLLATE "C" NOT NULL REFERENCES broker.consumer_group ON DELETE CASCADE,
  client_id text NOT NULL,
  topics text[] NOT NULL,
  session_timeout_ms integer NOT NULL,
  seen_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX IF NOT EXISTS member_group ON broker.member (group_id);
COMMENT ON TABLE broker.member IS '消费组的成员';
COMMENT ON COLUMN broker.member.member_id IS '成员号,重新加入得到新号';
COMMENT ON COLUMN broker.member.group_id IS '组名';
COMMENT ON COLUMN broker.member.client_id IS '配置里的 clientId';
COMMENT ON COLUMN broker.member.topics IS '订阅的主题';
COMMENT ON COLUMN broker.member.session_timeout_ms IS '多久没有心跳就被除名(毫秒)';
COMMENT ON COLUMN broker.member.seen_at IS '最近一次心跳(数据库时钟)';

CREATE TABLE IF NOT EXISTS broker.hold (
  group_id text COLLATE "C" NOT NULL,
  topic text COLLATE "C" NOT NULL,
  partition integer NOT NULL,
  member_id bigint NOT NULL REFERENCES broker.member ON DELETE CASCADE,
  PRIMARY KEY (group_id, topic, partition)
);
CREATE INDEX IF NOT EXISTS hold_member ON broker.hold (member_id);
COMMENT ON TABLE broker.hold IS '成员手上的分区;同组内一个分区只在一个成员手上';
COMMENT ON COLUMN broker.hold.group_id IS '组名';
COMMENT ON COLUMN broker.hold.topic IS '主题名';
COMMENT ON COLUMN broker.hold.partition IS '分区号';
COMMENT ON COLUMN broker.hold.member_id IS '成员号';

CREATE TABLE IF NOT EXISTS broker.committed (
  group_id text COLLATE "C" NOT NULL,
  topic text COLLATE "C" NOT NULL,
  partition integer NOT NULL,
  next_offset bigint NOT NULL,
  committed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (group_id, topic, partition)
);
COMMENT ON TABLE broker.committed IS '消费到哪里:只供查看积压,程序从不依赖';
COMMENT ON COLUMN broker.committed.group_id IS '组名';
COMMENT ON COLUMN broker.committed.topic IS '主题名';
COMMENT ON COLUMN broker.committed.partition IS '分区号';
COMMENT ON COLUMN broker.committed.next_offset IS '下一个要消费的位移';
COMMENT ON COLUMN broker.committed.committed_at IS '登记时间';
`;

/** What both daemons' roles do in the log. */
export const logRights = {
  "broker.topic": ["SELECT"],
  "broker.partition": ["SELECT", "UPDATE"],
  "broker.message": ["SELECT", "INSERT", "DELETE"],
  "broker.consumer_group": ["SELECT", "INSERT", "UPDATE"],
  "broker.member": ["SELECT", "INSERT", "UPDATE", "DELETE"],
  "broker.hold": ["SELECT", "INSERT", "DELETE"],
  "broker.committed": ["SELECT", "INSERT", "UPDATE"],
} as const;

/** What the nation does besides: it creates the topics. */
export const topicRights = {
  "broker.topic": ["SELECT", "INSERT"],
  "broker.partition": ["SELECT", "INSERT", "UPDATE"],
} as const;
