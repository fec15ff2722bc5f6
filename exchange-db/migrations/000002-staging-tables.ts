import type { MigrationInterface, QueryRunner } from "typeorm";

/** Staging tables of contract version 1, frozen as released; a test compares them with the contracts. */
export class StagingTables1700000000002 implements MigrationInterface {
  readonly name = "StagingTables1700000000002";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(sql);
  }

  down(): Promise<void> {
    return Promise.reject(new Error("migrations only go forward"));
  }
}

const sql = `
CREATE TABLE staging.region (
  province text NOT NULL,
  source_key text COLLATE "C" NOT NULL,
  batch_id bigint NOT NULL,
  batch_ordinal integer NOT NULL,
  segment integer NOT NULL,
  source_hash text NOT NULL,
  wire_digest bytea,
  contract_version smallint NOT NULL,
  mapping_version bigint NOT NULL,
  origin text NOT NULL,
  op text NOT NULL,
  agreed_national_version bigint,
  county text,
  code text,
  code12 text,
  name_zh text,
  level text,
  parent_code text,
  effective_from text,
  effective_to text,
  PRIMARY KEY (province, source_key)
);
COMMENT ON TABLE staging.region IS '行政区划（交换库暂存，保留源数据原文）';
COMMENT ON COLUMN staging.region.province IS '省级行政区划代码前两位';
COMMENT ON COLUMN staging.region.source_key IS '省级系统中的主键';
COMMENT ON COLUMN staging.region.batch_id IS '批次号，即记录版本';
COMMENT ON COLUMN staging.region.batch_ordinal IS '批次内序号';
COMMENT ON COLUMN staging.region.segment IS '读取分段号';
COMMENT ON COLUMN staging.region.source_hash IS '源数据行摘要，由源数据库计算';
COMMENT ON COLUMN staging.region.wire_digest IS '上报记录摘要（SHA-256），未上报为空';
COMMENT ON COLUMN staging.region.contract_version IS '数据契约版本';
COMMENT ON COLUMN staging.region.mapping_version IS '代码映射版本';
COMMENT ON COLUMN staging.region.origin IS '数据来源';
COMMENT ON COLUMN staging.region.op IS '操作：新增或更新、删除';
COMMENT ON COLUMN staging.region.agreed_national_version IS '双方一致的全国版本';
COMMENT ON COLUMN staging.region.county IS '所属区县（源数据原值）';
COMMENT ON COLUMN staging.region.code IS '区划代码';
COMMENT ON COLUMN staging.region.code12 IS '十二位区划代码';
COMMENT ON COLUMN staging.region.name_zh IS '区划名称';
COMMENT ON COLUMN staging.region.level IS '区划级别';
COMMENT ON COLUMN staging.region.parent_code IS '上级区划代码';
COMMENT ON COLUMN staging.region.effective_from IS '启用年份';
COMMENT ON COLUMN staging.region.effective_to IS '停用年份';
CREATE TABLE staging.region_prior (
  province text NOT NULL,
  source_key text COLLATE "C" NOT NULL,
  batch_id bigint NOT NULL,
  batch_ordinal integer NOT NULL,
  segment integer NOT NULL,
  source_hash text NOT NULL,
  wire_digest bytea,
  contract_version smallint NOT NULL,
  mapping_version bigint NOT NULL,
  origin text NOT NULL,
  op text NOT NULL,
  agreed_national_version bigint,
  county text,
  code text,
  code12 text,
  name_zh text,
  level text,
  parent_code text,
  effective_from text,
  effective_to text,
  PRIMARY KEY (province, source_key, batch_id)
);
COMMENT ON TABLE staging.region_prior IS '行政区划（被新批次替换的旧记录）';
COMMENT ON COLUMN staging.region_prior.province IS '省级行政区划代码前两位';
COMMENT ON COLUMN staging.region_prior.source_key IS '省级系统中的主键';
COMMENT ON COLUMN staging.region_prior.batch_id IS '批次号，即记录版本';
COMMENT ON COLUMN staging.region_prior.batch_ordinal IS '批次内序号';
COMMENT ON COLUMN staging.region_prior.segment IS '读取分段号';
COMMENT ON COLUMN staging.region_prior.source_hash IS '源数据行摘要，由源数据库计算';
COMMENT ON COLUMN staging.region_prior.wire_digest IS '上报记录摘要（SHA-256），未上报为空';
COMMENT ON COLUMN staging.region_prior.contract_version IS '数据契约版本';
COMMENT ON COLUMN staging.region_prior.mapping_version IS '代码映射版本';
COMMENT ON COLUMN staging.region_prior.origin IS '数据来源';
COMMENT ON COLUMN staging.region_prior.op IS '操作：新增或更新、删除';
COMMENT ON COLUMN staging.region_prior.agreed_national_version IS '双方一致的全国版本';
COMMENT ON COLUMN staging.region_prior.county IS '所属区县（源数据原值）';
COMMENT ON COLUMN staging.region_prior.code IS '区划代码';
COMMENT ON COLUMN staging.region_prior.code12 IS '十二位区划代码';
COMMENT ON COLUMN staging.region_prior.name_zh IS '区划名称';
COMMENT ON COLUMN staging.region_prior.level IS '区划级别';
COMMENT ON COLUMN staging.region_prior.parent_code IS '上级区划代码';
COMMENT ON COLUMN staging.region_prior.effective_from IS '启用年份';
COMMENT ON COLUMN staging.region_prior.effective_to IS '停用年份';

CREATE TABLE staging.school (
  province text NOT NULL,
  source_key text COLLATE "C" NOT NULL,
  batch_id bigint NOT NULL,
  batch_ordinal integer NOT NULL,
  segment integer NOT NULL,
  source_hash text NOT NULL,
  wire_digest bytea,
  contract_version smallint NOT NULL,
  mapping_version bigint NOT NULL,
  origin text NOT NULL,
  op text NOT NULL,
  agreed_national_version bigint,
  county text,
  school_id text,
  name text,
  name_en text,
  school_type_code text,
  sponsor_code text,
  ownership_code text,
  address text,
  postal_code text,
  region_code text,
  managing_authority_code text,
  urban_rural_code text,
  region_economy_code text,
  is_ethnic_area text,
  founded_month text,
  principal_name text,
  principal_phone text,
  phone text,
  fax text,
  email text,
  homepage text,
  org_code text,
  uscc text,
  legal_cert_no text,
  legal_rep text,
  primary_years text,
  junior_years text,
  senior_years text,
  primary_entry_age text,
  junior_entry_age text,
  main_language text,
  second_language text,
  is_boarding text,
  is_nutrition_school text,
  state text,
  valid_from text,
  valid_to text,
  PRIMARY KEY (province, source_key)
);
COMMENT ON TABLE staging.school IS '学校（交换库暂存，保留源数据原文）';
COMMENT ON COLUMN staging.school.province IS '省级行政区划代码前两位';
COMMENT ON COLUMN staging.school.source_key IS '省级系统中的主键';
COMMENT ON COLUMN staging.school.batch_id IS '批次号，即记录版本';
COMMENT ON COLUMN staging.school.batch_ordinal IS '批次内序号';
COMMENT ON COLUMN staging.school.segment IS '读取分段号';
COMMENT ON COLUMN staging.school.source_hash IS '源数据行摘要，由源数据库计算';
COMMENT ON COLUMN staging.school.wire_digest IS '上报记录摘要（SHA-256），未上报为空';
COMMENT ON COLUMN staging.school.contract_version IS '数据契约版本';
COMMENT ON COLUMN staging.school.mapping_version IS '代码映射版本';
COMMENT ON COLUMN staging.school.origin IS '数据来源';
COMMENT ON COLUMN staging.school.op IS '操作：新增或更新、删除';
COMMENT ON COLUMN staging.school.agreed_national_version IS '双方一致的全国版本';
COMMENT ON COLUMN staging.school.county IS '所属区县（源数据原值）';
COMMENT ON COLUMN staging.school.school_id IS '学校标识码';
COMMENT ON COLUMN staging.school.name IS '学校名称';
COMMENT ON COLUMN staging.school.name_en IS '学校英文名称';
COMMENT ON COLUMN staging.school.school_type_code IS '办学类型码';
COMMENT ON COLUMN staging.school.sponsor_code IS '举办者码';
COMMENT ON COLUMN staging.school.ownership_code IS '办别码';
COMMENT ON COLUMN staging.school.address IS '学校地址';
COMMENT ON COLUMN staging.school.postal_code IS '邮政编码';
COMMENT ON COLUMN staging.school.region_code IS '驻地区划码';
COMMENT ON COLUMN staging.school.managing_authority_code IS '属地管理教育行政部门代码';
COMMENT ON COLUMN staging.school.urban_rural_code IS '城乡类型码';
COMMENT ON COLUMN staging.school.region_economy_code IS '经济属性码';
COMMENT ON COLUMN staging.school.is_ethnic_area IS '民族属性';
COMMENT ON COLUMN staging.school.founded_month IS '建校年月';
COMMENT ON COLUMN staging.school.principal_name IS '校长姓名';
COMMENT ON COLUMN staging.school.principal_phone IS '校长手机';
COMMENT ON COLUMN staging.school.phone IS '联系电话';
COMMENT ON COLUMN staging.school.fax IS '传真';
COMMENT ON COLUMN staging.school.email IS '电子信箱';
COMMENT ON COLUMN staging.school.homepage IS '主页地址';
COMMENT ON COLUMN staging.school.org_code IS '组织机构码';
COMMENT ON COLUMN staging.school.uscc IS '统一社会信用代码';
COMMENT ON COLUMN staging.school.legal_cert_no IS '法人证书号';
COMMENT ON COLUMN staging.school.legal_rep IS '法定代表人';
COMMENT ON COLUMN staging.school.primary_years IS '小学学制';
COMMENT ON COLUMN staging.school.junior_years IS '初中学制';
COMMENT ON COLUMN staging.school.senior_years IS '高中学制';
COMMENT ON COLUMN staging.school.primary_entry_age IS '小学入学年龄';
COMMENT ON COLUMN staging.school.junior_entry_age IS '初中入学年龄';
COMMENT ON COLUMN staging.school.main_language IS '主教学语言';
COMMENT ON COLUMN staging.school.second_language IS '辅教学语言';
COMMENT ON COLUMN staging.school.is_boarding IS '是否寄宿制';
COMMENT ON COLUMN staging.school.is_nutrition_school IS '是否营养改善计划受益学校';
COMMENT ON COLUMN staging.school.state IS '状态';
COMMENT ON COLUMN staging.school.valid_from IS '生效日期';
COMMENT ON COLUMN staging.school.valid_to IS '失效日期';
CREATE TABLE staging.school_prior (
  province text NOT NULL,
  source_key text COLLATE "C" NOT NULL,
  batch_id bigint NOT NULL,
  batch_ordinal integer NOT NULL,
  segment integer NOT NULL,
  source_hash text NOT NULL,
  wire_digest bytea,
  contract_version smallint NOT NULL,
  mapping_version bigint NOT NULL,
  origin text NOT NULL,
  op text NOT NULL,
  agreed_national_version bigint,
  county text,
  school_id text,
  name text,
  name_en text,
  school_type_code text,
  sponsor_code text,
  ownership_code text,
  address text,
  postal_code text,
  region_code text,
  managing_authority_code text,
  urban_rural_code text,
  region_economy_code text,
  is_ethnic_area text,
  founded_month text,
  principal_name text,
  principal_phone text,
  phone text,
  fax text,
  email text,
  homepage text,
  org_code text,
  uscc text,
  legal_cert_no text,
  legal_rep text,
  primary_years text,
  junior_years text,
  senior_years text,
  primary_entry_age text,
  junior_entry_age text,
  main_language text,
  second_language text,
  is_boarding text,
  is_nutrition_school text,
  state text,
  valid_from text,
  valid_to text,
  PRIMARY KEY (province, source_key, batch_id)
);
COMMENT ON TABLE staging.school_prior IS '学校（被新批次替换的旧记录）';
COMMENT ON COLUMN staging.school_prior.province IS '省级行政区划代码前两位';
COMMENT ON COLUMN staging.school_prior.source_key IS '省级系统中的主键';
COMMENT ON COLUMN staging.school_prior.batch_id IS '批次号，即记录版本';
COMMENT ON COLUMN staging.school_prior.batch_ordinal IS '批次内序号';
COMMENT ON COLUMN staging.school_prior.segment IS '读取分段号';
COMMENT ON COLUMN staging.school_prior.source_hash IS '源数据行摘要，由源数据库计算';
COMMENT ON COLUMN staging.school_prior.wire_digest IS '上报记录摘要（SHA-256），未上报为空';
COMMENT ON COLUMN staging.school_prior.contract_version IS '数据契约版本';
COMMENT ON COLUMN staging.school_prior.mapping_version IS '代码映射版本';
COMMENT ON COLUMN staging.school_prior.origin IS '数据来源';
COMMENT ON COLUMN staging.school_prior.op IS '操作：新增或更新、删除';
COMMENT ON COLUMN staging.school_prior.agreed_national_version IS '双方一致的全国版本';
COMMENT ON COLUMN staging.school_prior.county IS '所属区县（源数据原值）';
COMMENT ON COLUMN staging.school_prior.school_id IS '学校标识码';
COMMENT ON COLUMN staging.school_prior.name IS '学校名称';
COMMENT ON COLUMN staging.school_prior.name_en IS '学校英文名称';
COMMENT ON COLUMN staging.school_prior.school_type_code IS '办学类型码';
COMMENT ON COLUMN staging.school_prior.sponsor_code IS '举办者码';
COMMENT ON COLUMN staging.school_prior.ownership_code IS '办别码';
COMMENT ON COLUMN staging.school_prior.address IS '学校地址';
COMMENT ON COLUMN staging.school_prior.postal_code IS '邮政编码';
COMMENT ON COLUMN staging.school_prior.region_code IS '驻地区划码';
COMMENT ON COLUMN staging.school_prior.managing_authority_code IS '属地管理教育行政部门代码';
COMMENT ON COLUMN staging.school_prior.urban_rural_code IS '城乡类型码';
COMMENT ON COLUMN staging.school_prior.region_economy_code IS '经济属性码';
COMMENT ON COLUMN staging.school_prior.is_ethnic_area IS '民族属性';
COMMENT ON COLUMN staging.school_prior.founded_month IS '建校年月';
COMMENT ON COLUMN staging.school_prior.principal_name IS '校长姓名';
COMMENT ON COLUMN staging.school_prior.principal_phone IS '校长手机';
COMMENT ON COLUMN staging.school_prior.phone IS '联系电话';
COMMENT ON COLUMN staging.school_prior.fax IS '传真';
COMMENT ON COLUMN staging.school_prior.email IS '电子信箱';
COMMENT ON COLUMN staging.school_prior.homepage IS '主页地址';
COMMENT ON COLUMN staging.school_prior.org_code IS '组织机构码';
COMMENT ON COLUMN staging.school_prior.uscc IS '统一社会信用代码';
COMMENT ON COLUMN staging.school_prior.legal_cert_no IS '法人证书号';
COMMENT ON COLUMN staging.school_prior.legal_rep IS '法定代表人';
COMMENT ON COLUMN staging.school_prior.primary_years IS '小学学制';
COMMENT ON COLUMN staging.school_prior.junior_years IS '初中学制';
COMMENT ON COLUMN staging.school_prior.senior_years IS '高中学制';
COMMENT ON COLUMN staging.school_prior.primary_entry_age IS '小学入学年龄';
COMMENT ON COLUMN staging.school_prior.junior_entry_age IS '初中入学年龄';
COMMENT ON COLUMN staging.school_prior.main_language IS '主教学语言';
COMMENT ON COLUMN staging.school_prior.second_language IS '辅教学语言';
COMMENT ON COLUMN staging.school_prior.is_boarding IS '是否寄宿制';
COMMENT ON COLUMN staging.school_prior.is_nutrition_school IS '是否营养改善计划受益学校';
COMMENT ON COLUMN staging.school_prior.state IS '状态';
COMMENT ON COLUMN staging.school_prior.valid_from IS '生效日期';
COMMENT ON COLUMN staging.school_prior.valid_to IS '失效日期';

CREATE TABLE staging.campus (
  province text NOT NULL,
  source_key text COLLATE "C" NOT NULL,
  batch_id bigint NOT NULL,
  batch_ordinal integer NOT NULL,
  segment integer NOT NULL,
  source_hash text NOT NULL,
  wire_digest bytea,
  contract_version smallint NOT NULL,
  mapping_version bigint NOT NULL,
  origin text NOT NULL,
  op text NOT NULL,
  agreed_national_version bigint,
  county text,
  school_id text,
  campus_no text,
  name text,
  address_code text,
  head text,
  phone text,
  PRIMARY KEY (province, source_key)
);
COMMENT ON TABLE staging.campus IS '校区（交换库暂存，保留源数据原文）';
COMMENT ON COLUMN staging.campus.province IS '省级行政区划代码前两位';
COMMENT ON COLUMN staging.campus.source_key IS '省级系统中的主键';
COMMENT ON COLUMN staging.campus.batch_id IS '批次号，即记录版本';
COMMENT ON COLUMN staging.campus.batch_ordinal IS '批次内序号';
COMMENT ON COLUMN staging.campus.segment IS '读取分段号';
COMMENT ON COLUMN staging.campus.source_hash IS '源数据行摘要，由源数据库计算';
COMMENT ON COLUMN staging.campus.wire_digest IS '上报记录摘要（SHA-256），未上报为空';
COMMENT ON COLUMN staging.campus.contract_version IS '数据契约版本';
COMMENT ON COLUMN staging.campus.mapping_version IS '代码映射版本';
COMMENT ON COLUMN staging.campus.origin IS '数据来源';
COMMENT ON COLUMN staging.campus.op IS '操作：新增或更新、删除';
COMMENT ON COLUMN staging.campus.agreed_national_version IS '双方一致的全国版本';
COMMENT ON COLUMN staging.campus.county IS '所属区县（源数据原值）';
COMMENT ON COLUMN staging.campus.school_id IS '学校标识码';
COMMENT ON COLUMN staging.campus.campus_no IS '校区号';
COMMENT ON COLUMN staging.campus.name IS '校区名称';
COMMENT ON COLUMN staging.campus.address_code IS '校区地址代码';
COMMENT ON COLUMN staging.campus.head IS '校区负责人';
COMMENT ON COLUMN staging.campus.phone IS '联系电话';
CREATE TABLE staging.campus_prior (
  province text NOT NULL,
  source_key text COLLATE "C" NOT NULL,
  batch_id bigint NOT NULL,
  batch_ordinal integer NOT NULL,
  segment integer NOT NULL,
  source_hash text NOT NULL,
  wire_digest bytea,
  contract_version smallint NOT NULL,
  mapping_version bigint NOT NULL,
  origin text NOT NULL,
  op text NOT NULL,
  agreed_national_version bigint,
  county text,
  school_id text,
  campus_no text,
  name text,
  address_code text,
  head text,
  phone text,
  PRIMARY KEY (province, source_key, batch_id)
);
COMMENT ON TABLE staging.campus_prior IS '校区（被新批次替换的旧记录）';
COMMENT ON COLUMN staging.campus_prior.province IS '省级行政区划代码前两位';
COMMENT ON COLUMN staging.campus_prior.source_key IS '省级系统中的主键';
COMMENT ON COLUMN staging.campus_prior.batch_id IS '批次号，即记录版本';
COMMENT ON COLUMN staging.campus_prior.batch_ordinal IS '批次内序号';
COMMENT ON COLUMN staging.campus_prior.segment IS '读取分段号';
COMMENT ON COLUMN staging.campus_prior.source_hash IS '源数据行摘要，由源数据库计算';
COMMENT ON COLUMN staging.campus_prior.wire_digest IS '上报记录摘要（SHA-256），未上报为空';
COMMENT ON COLUMN staging.campus_prior.contract_version IS '数据契约版本';
COMMENT ON COLUMN staging.campus_prior.mapping_version IS '代码映射版本';
COMMENT ON COLUMN staging.campus_prior.origin IS '数据来源';
COMMENT ON COLUMN staging.campus_prior.op IS '操作：新增或更新、删除';
COMMENT ON COLUMN staging.campus_prior.agreed_national_version IS '双方一致的全国版本';
COMMENT ON COLUMN staging.campus_prior.county IS '所属区县（源数据原值）';
COMMENT ON COLUMN staging.campus_prior.school_id IS '学校标识码';
COMMENT ON COLUMN staging.campus_prior.campus_no IS '校区号';
COMMENT ON COLUMN staging.campus_prior.name IS '校区名称';
COMMENT ON COLUMN staging.campus_prior.address_code IS '校区地址代码';
COMMENT ON COLUMN staging.campus_prior.head IS '校区负责人';
COMMENT ON COLUMN staging.campus_prior.phone IS '联系电话';

CREATE TABLE staging.school_grade (
  province text NOT NULL,
  source_key text COLLATE "C" NOT NULL,
  batch_id bigint NOT NULL,
  batch_ordinal integer NOT NULL,
  segment integer NOT NULL,
  source_hash text NOT NULL,
  wire_digest bytea,
  contract_version smallint NOT NULL,
  mapping_version bigint NOT NULL,
  origin text NOT NULL,
  op text NOT NULL,
  agreed_national_version bigint,
  county text,
  grade_id text,
  school_id text,
  name text,
  entry_year text,
  phase_code text,
  grade_code text,
  state text,
  PRIMARY KEY (province, source_key)
);
COMMENT ON TABLE staging.school_grade IS '年级（交换库暂存，保留源数据原文）';
COMMENT ON COLUMN staging.school_grade.province IS '省级行政区划代码前两位';
COMMENT ON COLUMN staging.school_grade.source_key IS '省级系统中的主键';
COMMENT ON COLUMN staging.school_grade.batch_id IS '批次号，即记录版本';
COMMENT ON COLUMN staging.school_grade.batch_ordinal IS '批次内序号';
COMMENT ON COLUMN staging.school_grade.segment IS '读取分段号';
COMMENT ON COLUMN staging.school_grade.source_hash IS '源数据行摘要，由源数据库计算';
COMMENT ON COLUMN staging.school_grade.wire_digest IS '上报记录摘要（SHA-256），未上报为空';
COMMENT ON COLUMN staging.school_grade.contract_version IS '数据契约版本';
COMMENT ON COLUMN staging.school_grade.mapping_version IS '代码映射版本';
COMMENT ON COLUMN staging.school_grade.origin IS '数据来源';
COMMENT ON COLUMN staging.school_grade.op IS '操作：新增或更新、删除';
COMMENT ON COLUMN staging.school_grade.agreed_national_version IS '双方一致的全国版本';
COMMENT ON COLUMN staging.school_grade.county IS '所属区县（源数据原值）';
COMMENT ON COLUMN staging.school_grade.grade_id IS '年级标识';
COMMENT ON COLUMN staging.school_grade.school_id IS '学校';
COMMENT ON COLUMN staging.school_grade.name IS '年级名称';
COMMENT ON COLUMN staging.school_grade.entry_year IS '入学年份';
COMMENT ON COLUMN staging.school_grade.phase_code IS '教育阶段';
COMMENT ON COLUMN staging.school_grade.grade_code IS '学籍年级代码';
COMMENT ON COLUMN staging.school_grade.state IS '年级状态';
CREATE TABLE staging.school_grade_prior (
  province text NOT NULL,
  source_key text COLLATE "C" NOT NULL,
  batch_id bigint NOT NULL,
  batch_ordinal integer NOT NULL,
  segment integer NOT NULL,
  source_hash text NOT NULL,
  wire_digest bytea,
  contract_version smallint NOT NULL,
  mapping_version bigint NOT NULL,
  origin text NOT NULL,
  op text NOT NULL,
  agreed_national_version bigint,
  county text,
  grade_id text,
  school_id text,
  name text,
  entry_year text,
  phase_code text,
  grade_code text,
  state text,
  PRIMARY KEY (province, source_key, batch_id)
);
COMMENT ON TABLE staging.school_grade_prior IS '年级（被新批次替换的旧记录）';
COMMENT ON COLUMN staging.school_grade_prior.province IS '省级行政区划代码前两位';
COMMENT ON COLUMN staging.school_grade_prior.source_key IS '省级系统中的主键';
COMMENT ON COLUMN staging.school_grade_prior.batch_id IS '批次号，即记录版本';
COMMENT ON COLUMN staging.school_grade_prior.batch_ordinal IS '批次内序号';
COMMENT ON COLUMN staging.school_grade_prior.segment IS '读取分段号';
COMMENT ON COLUMN staging.school_grade_prior.source_hash IS '源数据行摘要，由源数据库计算';
COMMENT ON COLUMN staging.school_grade_prior.wire_digest IS '上报记录摘要（SHA-256），未上报为空';
COMMENT ON COLUMN staging.school_grade_prior.contract_version IS '数据契约版本';
COMMENT ON COLUMN staging.school_grade_prior.mapping_version IS '代码映射版本';
COMMENT ON COLUMN staging.school_grade_prior.origin IS '数据来源';
COMMENT ON COLUMN staging.school_grade_prior.op IS '操作：新增或更新、删除';
COMMENT ON COLUMN staging.school_grade_prior.agreed_national_version IS '双方一致的全国版本';
COMMENT ON COLUMN staging.school_grade_prior.county IS '所属区县（源数据原值）';
COMMENT ON COLUMN staging.school_grade_prior.grade_id IS '年级标识';
COMMENT ON COLUMN staging.school_grade_prior.school_id IS '学校';
COMMENT ON COLUMN staging.school_grade_prior.name IS '年级名称';
COMMENT ON COLUMN staging.school_grade_prior.entry_year IS '入学年份';
COMMENT ON COLUMN staging.school_grade_prior.phase_code IS '教育阶段';
COMMENT ON COLUMN staging.school_grade_prior.grade_code IS '学籍年级代码';
COMMENT ON COLUMN staging.school_grade_prior.state IS '年级状态';

CREATE TABLE staging.school_class (
  province text NOT NULL,
  source_key text COLLATE "C" NOT NULL,
  batch_id bigint NOT NULL,
  batch_ordinal integer NOT NULL,
  segment integer NOT NULL,
  source_hash text NOT NULL,
  wire_digest bytea,
  contract_version smallint NOT NULL,
  mapping_version bigint NOT NULL,
  origin text NOT NULL,
  op text NOT NULL,
  agreed_national_version bigint,
  county text,
  class_id text,
  school_id text,
  grade_id text,
  class_no text,
  name text,
  class_type_code text,
  formed_month text,
  head_teacher text,
  is_multi_grade text,
  is_bilingual text,
  is_valid text,
  PRIMARY KEY (province, source_key)
);
COMMENT ON TABLE staging.school_class IS '班级（交换库暂存，保留源数据原文）';
COMMENT ON COLUMN staging.school_class.province IS '省级行政区划代码前两位';
COMMENT ON COLUMN staging.school_class.source_key IS '省级系统中的主键';
COMMENT ON COLUMN staging.school_class.batch_id IS '批次号，即记录版本';
COMMENT ON COLUMN staging.school_class.batch_ordinal IS '批次内序号';
COMMENT ON COLUMN staging.school_class.segment IS '读取分段号';
COMMENT ON COLUMN staging.school_class.source_hash IS '源数据行摘要，由源数据库计算';
COMMENT ON COLUMN staging.school_class.wire_digest IS '上报记录摘要（SHA-256），未上报为空';
COMMENT ON COLUMN staging.school_class.contract_version IS '数据契约版本';
COMMENT ON COLUMN staging.school_class.mapping_version IS '代码映射版本';
COMMENT ON COLUMN staging.school_class.origin IS '数据来源';
COMMENT ON COLUMN staging.school_class.op IS '操作：新增或更新、删除';
COMMENT ON COLUMN staging.school_class.agreed_national_version IS '双方一致的全国版本';
COMMENT ON COLUMN staging.school_class.county IS '所属区县（源数据原值）';
COMMENT ON COLUMN staging.school_class.class_id IS '班级标识';
COMMENT ON COLUMN staging.school_class.school_id IS '学校';
COMMENT ON COLUMN staging.school_class.grade_id IS '年级';
COMMENT ON COLUMN staging.school_class.class_no IS '班号';
COMMENT ON COLUMN staging.school_class.name IS '班级名称';
COMMENT ON COLUMN staging.school_class.class_type_code IS '班级类型码';
COMMENT ON COLUMN staging.school_class.formed_month IS '建班年月';
COMMENT ON COLUMN staging.school_class.head_teacher IS '班主任';
COMMENT ON COLUMN staging.school_class.is_multi_grade IS '是否复式班';
COMMENT ON COLUMN staging.school_class.is_bilingual IS '是否少数民族双语班';
COMMENT ON COLUMN staging.school_class.is_valid IS '有效标志';
CREATE TABLE staging.school_class_prior (
  province text NOT NULL,
  source_key text COLLATE "C" NOT NULL,
  batch_id bigint NOT NULL,
  batch_ordinal integer NOT NULL,
  segment integer NOT NULL,
  source_hash text NOT NULL,
  wire_digest bytea,
  contract_version smallint NOT NULL,
  mapping_version bigint NOT NULL,
  origin text NOT NULL,
  op text NOT NULL,
  agreed_national_version bigint,
  county text,
  class_id text,
  school_id text,
  grade_id text,
  class_no text,
  name text,
  class_type_code text,
  formed_month text,
  head_teacher text,
  is_multi_grade text,
  is_bilingual text,
  is_valid text,
  PRIMARY KEY (province, source_key, batch_id)
);
COMMENT ON TABLE staging.school_class_prior IS '班级（被新批次替换的旧记录）';
COMMENT ON COLUMN staging.school_class_prior.province IS '省级行政区划代码前两位';
COMMENT ON COLUMN staging.school_class_prior.source_key IS '省级系统中的主键';
COMMENT ON COLUMN staging.school_class_prior.batch_id IS '批次号，即记录版本';
COMMENT ON COLUMN staging.school_class_prior.batch_ordinal IS '批次内序号';
COMMENT ON COLUMN staging.school_class_prior.segment IS '读取分段号';
COMMENT ON COLUMN staging.school_class_prior.source_hash IS '源数据行摘要，由源数据库计算';
COMMENT ON COLUMN staging.school_class_prior.wire_digest IS '上报记录摘要（SHA-256），未上报为空';
COMMENT ON COLUMN staging.school_class_prior.contract_version IS '数据契约版本';
COMMENT ON COLUMN staging.school_class_prior.mapping_version IS '代码映射版本';
COMMENT ON COLUMN staging.school_class_prior.origin IS '数据来源';
COMMENT ON COLUMN staging.school_class_prior.op IS '操作：新增或更新、删除';
COMMENT ON COLUMN staging.school_class_prior.agreed_national_version IS '双方一致的全国版本';
COMMENT ON COLUMN staging.school_class_prior.county IS '所属区县（源数据原值）';
COMMENT ON COLUMN staging.school_class_prior.class_id IS '班级标识';
COMMENT ON COLUMN staging.school_class_prior.school_id IS '学校';
COMMENT ON COLUMN staging.school_class_prior.grade_id IS '年级';
COMMENT ON COLUMN staging.school_class_prior.class_no IS '班号';
COMMENT ON COLUMN staging.school_class_prior.name IS '班级名称';
COMMENT ON COLUMN staging.school_class_prior.class_type_code IS '班级类型码';
COMMENT ON COLUMN staging.school_class_prior.formed_month IS '建班年月';
COMMENT ON COLUMN staging.school_class_prior.head_teacher IS '班主任';
COMMENT ON COLUMN staging.school_class_prior.is_multi_grade IS '是否复式班';
COMMENT ON COLUMN staging.school_class_prior.is_bilingual IS '是否少数民族双语班';
COMMENT ON COLUMN staging.school_class_prior.is_valid IS '有效标志';

CREATE TABLE staging.student (
  province text NOT NULL,
  source_key text COLLATE "C" NOT NULL,
  batch_id bigint NOT NULL,
  batch_ordinal integer NOT NULL,
  segment integer NOT NULL,
  source_hash text NOT NULL,
  wire_digest bytea,
  contract_version smallint NOT NULL,
  mapping_version bigint NOT NULL,
  origin text NOT NULL,
  op text NOT NULL,
  agreed_national_version bigint,
  county text,
  school_id text,
  student_number text,
  status_code text,
  category_code text,
  name text,
  gender_code text,
  birth_date text,
  birth_region_code text,
  native_place text,
  ethnicity_code text,
  nationality_code text,
  id_doc_type text,
  id_doc_no text,
  overseas_code text,
  political_code text,
  health_code text,
  photo_ref text,
  name_pinyin text,
  former_name text,
  id_valid_period text,
  hukou_region_code text,
  hukou_kind_code text,
  talent text,
  auxiliary_number text,
  class_seat_no text,
  grade_id text,
  class_id text,
  enrolled_month text,
  enrolment_mode_code text,
  attendance_mode_code text,
  student_source_code text,
  current_address text,
  postal_address text,
  home_address text,
  phone text,
  postal_code text,
  email text,
  homepage text,
  is_only_child text,
  had_preschool text,
  left_behind_code text,
  is_migrant_child text,
  is_orphan text,
  is_martyr_child text,
  inclusive_class_code text,
  disability_code text,
  is_purchased_place text,
  needs_aid text,
  has_boarding_subsidy text,
  commute_km text,
  transport_code text,
  needs_school_bus text,
  PRIMARY KEY (province, source_key)
);
COMMENT ON TABLE staging.student IS '学生（交换库暂存，保留源数据原文）';
COMMENT ON COLUMN staging.student.province IS '省级行政区划代码前两位';
COMMENT ON COLUMN staging.student.source_key IS '省级系统中的主键';
COMMENT ON COLUMN staging.student.batch_id IS '批次号，即记录版本';
COMMENT ON COLUMN staging.student.batch_ordinal IS '批次内序号';
COMMENT ON COLUMN staging.student.segment IS '读取分段号';
COMMENT ON COLUMN staging.student.source_hash IS '源数据行摘要，由源数据库计算';
COMMENT ON COLUMN staging.student.wire_digest IS '上报记录摘要（SHA-256），未上报为空';
COMMENT ON COLUMN staging.student.contract_version IS '数据契约版本';
COMMENT ON COLUMN staging.student.mapping_version IS '代码映射版本';
COMMENT ON COLUMN staging.student.origin IS '数据来源';
COMMENT ON COLUMN staging.student.op IS '操作：新增或更新、删除';
COMMENT ON COLUMN staging.student.agreed_national_version IS '双方一致的全国版本';
COMMENT ON COLUMN staging.student.county IS '所属区县（源数据原值）';
COMMENT ON COLUMN staging.student.school_id IS '学校标识码';
COMMENT ON COLUMN staging.student.student_number IS '学籍号';
COMMENT ON COLUMN staging.student.status_code IS '学生状态';
COMMENT ON COLUMN staging.student.category_code IS '学生类别';
COMMENT ON COLUMN staging.student.name IS '姓名';
COMMENT ON COLUMN staging.student.gender_code IS '性别';
COMMENT ON COLUMN staging.student.birth_date IS '出生日期';
COMMENT ON COLUMN staging.student.birth_region_code IS '出生地';
COMMENT ON COLUMN staging.student.native_place IS '籍贯';
COMMENT ON COLUMN staging.student.ethnicity_code IS '民族';
COMMENT ON COLUMN staging.student.nationality_code IS '国籍/地区';
COMMENT ON COLUMN staging.student.id_doc_type IS '身份证件类型';
COMMENT ON COLUMN staging.student.id_doc_no IS '身份证件号';
COMMENT ON COLUMN staging.student.overseas_code IS '港澳台侨外';
COMMENT ON COLUMN staging.student.political_code IS '政治面貌';
COMMENT ON COLUMN staging.student.health_code IS '健康状况';
COMMENT ON COLUMN staging.student.photo_ref IS '照片';
COMMENT ON COLUMN staging.student.name_pinyin IS '姓名拼音';
COMMENT ON COLUMN staging.student.former_name IS '曾用名';
COMMENT ON COLUMN staging.student.id_valid_period IS '身份证件有效期';
COMMENT ON COLUMN staging.student.hukou_region_code IS '户口所在地';
COMMENT ON COLUMN staging.student.hukou_kind_code IS '户口性质';
COMMENT ON COLUMN staging.student.talent IS '特长';
COMMENT ON COLUMN staging.student.auxiliary_number IS '学籍辅号';
COMMENT ON COLUMN staging.student.class_seat_no IS '班内学号';
COMMENT ON COLUMN staging.student.grade_id IS '年级';
COMMENT ON COLUMN staging.student.class_id IS '班级';
COMMENT ON COLUMN staging.student.enrolled_month IS '入学年月';
COMMENT ON COLUMN staging.student.enrolment_mode_code IS '入学方式';
COMMENT ON COLUMN staging.student.attendance_mode_code IS '就读方式';
COMMENT ON COLUMN staging.student.student_source_code IS '学生来源';
COMMENT ON COLUMN staging.student.current_address IS '现住址';
COMMENT ON COLUMN staging.student.postal_address IS '通信地址';
COMMENT ON COLUMN staging.student.home_address IS '家庭地址';
COMMENT ON COLUMN staging.student.phone IS '联系电话';
COMMENT ON COLUMN staging.student.postal_code IS '邮政编码';
COMMENT ON COLUMN staging.student.email IS '电子信箱';
COMMENT ON COLUMN staging.student.homepage IS '主页地址';
COMMENT ON COLUMN staging.student.is_only_child IS '是否独生子女';
COMMENT ON COLUMN staging.student.had_preschool IS '是否受过学前教育';
COMMENT ON COLUMN staging.student.left_behind_code IS '是否留守儿童';
COMMENT ON COLUMN staging.student.is_migrant_child IS '是否进城务工人员随迁子女';
COMMENT ON COLUMN staging.student.is_orphan IS '是否孤儿';
COMMENT ON COLUMN staging.student.is_martyr_child IS '是否烈士或优抚子女';
COMMENT ON COLUMN staging.student.inclusive_class_code IS '随班就读';
COMMENT ON COLUMN staging.student.disability_code IS '残疾人类型';
COMMENT ON COLUMN staging.student.is_purchased_place IS '是否由政府购买学位';
COMMENT ON COLUMN staging.student.needs_aid IS '是否需要申请资助';
COMMENT ON COLUMN staging.student.has_boarding_subsidy IS '是否享受一补';
COMMENT ON COLUMN staging.student.commute_km IS '上下学距离';
COMMENT ON COLUMN staging.student.transport_code IS '上下学交通方式';
COMMENT ON COLUMN staging.student.needs_school_bus IS '是否需要乘坐校车';
CREATE TABLE staging.student_prior (
  province text NOT NULL,
  source_key text COLLATE "C" NOT NULL,
  batch_id bigint NOT NULL,
  batch_ordinal integer NOT NULL,
  segment integer NOT NULL,
  source_hash text NOT NULL,
  wire_digest bytea,
  contract_version smallint NOT NULL,
  mapping_version bigint NOT NULL,
  origin text NOT NULL,
  op text NOT NULL,
  agreed_national_version bigint,
  county text,
  school_id text,
  student_number text,
  status_code text,
  category_code text,
  name text,
  gender_code text,
  birth_date text,
  birth_region_code text,
  native_place text,
  ethnicity_code text,
  nationality_code text,
  id_doc_type text,
  id_doc_no text,
  overseas_code text,
  political_code text,
  health_code text,
  photo_ref text,
  name_pinyin text,
  former_name text,
  id_valid_period text,
  hukou_region_code text,
  hukou_kind_code text,
  talent text,
  auxiliary_number text,
  class_seat_no text,
  grade_id text,
  class_id text,
  enrolled_month text,
  enrolment_mode_code text,
  attendance_mode_code text,
  student_source_code text,
  current_address text,
  postal_address text,
  home_address text,
  phone text,
  postal_code text,
  email text,
  homepage text,
  is_only_child text,
  had_preschool text,
  left_behind_code text,
  is_migrant_child text,
  is_orphan text,
  is_martyr_child text,
  inclusive_class_code text,
  disability_code text,
  is_purchased_place text,
  needs_aid text,
  has_boarding_subsidy text,
  commute_km text,
  transport_code text,
  needs_school_bus text,
  PRIMARY KEY (province, source_key, batch_id)
);
COMMENT ON TABLE staging.student_prior IS '学生（被新批次替换的旧记录）';
COMMENT ON COLUMN staging.student_prior.province IS '省级行政区划代码前两位';
COMMENT ON COLUMN staging.student_prior.source_key IS '省级系统中的主键';
COMMENT ON COLUMN staging.student_prior.batch_id IS '批次号，即记录版本';
COMMENT ON COLUMN staging.student_prior.batch_ordinal IS '批次内序号';
COMMENT ON COLUMN staging.student_prior.segment IS '读取分段号';
COMMENT ON COLUMN staging.student_prior.source_hash IS '源数据行摘要，由源数据库计算';
COMMENT ON COLUMN staging.student_prior.wire_digest IS '上报记录摘要（SHA-256），未上报为空';
COMMENT ON COLUMN staging.student_prior.contract_version IS '数据契约版本';
COMMENT ON COLUMN staging.student_prior.mapping_version IS '代码映射版本';
COMMENT ON COLUMN staging.student_prior.origin IS '数据来源';
COMMENT ON COLUMN staging.student_prior.op IS '操作：新增或更新、删除';
COMMENT ON COLUMN staging.student_prior.agreed_national_version IS '双方一致的全国版本';
COMMENT ON COLUMN staging.student_prior.county IS '所属区县（源数据原值）';
COMMENT ON COLUMN staging.student_prior.school_id IS '学校标识码';
COMMENT ON COLUMN staging.student_prior.student_number IS '学籍号';
COMMENT ON COLUMN staging.student_prior.status_code IS '学生状态';
COMMENT ON COLUMN staging.student_prior.category_code IS '学生类别';
COMMENT ON COLUMN staging.student_prior.name IS '姓名';
COMMENT ON COLUMN staging.student_prior.gender_code IS '性别';
COMMENT ON COLUMN staging.student_prior.birth_date IS '出生日期';
COMMENT ON COLUMN staging.student_prior.birth_region_code IS '出生地';
COMMENT ON COLUMN staging.student_prior.native_place IS '籍贯';
COMMENT ON COLUMN staging.student_prior.ethnicity_code IS '民族';
COMMENT ON COLUMN staging.student_prior.nationality_code IS '国籍/地区';
COMMENT ON COLUMN staging.student_prior.id_doc_type IS '身份证件类型';
COMMENT ON COLUMN staging.student_prior.id_doc_no IS '身份证件号';
COMMENT ON COLUMN staging.student_prior.overseas_code IS '港澳台侨外';
COMMENT ON COLUMN staging.student_prior.political_code IS '政治面貌';
COMMENT ON COLUMN staging.student_prior.health_code IS '健康状况';
COMMENT ON COLUMN staging.student_prior.photo_ref IS '照片';
COMMENT ON COLUMN staging.student_prior.name_pinyin IS '姓名拼音';
COMMENT ON COLUMN staging.student_prior.former_name IS '曾用名';
COMMENT ON COLUMN staging.student_prior.id_valid_period IS '身份证件有效期';
COMMENT ON COLUMN staging.student_prior.hukou_region_code IS '户口所在地';
COMMENT ON COLUMN staging.student_prior.hukou_kind_code IS '户口性质';
COMMENT ON COLUMN staging.student_prior.talent IS '特长';
COMMENT ON COLUMN staging.student_prior.auxiliary_number IS '学籍辅号';
COMMENT ON COLUMN staging.student_prior.class_seat_no IS '班内学号';
COMMENT ON COLUMN staging.student_prior.grade_id IS '年级';
COMMENT ON COLUMN staging.student_prior.class_id IS '班级';
COMMENT ON COLUMN staging.student_prior.enrolled_month IS '入学年月';
COMMENT ON COLUMN staging.student_prior.enrolment_mode_code IS '入学方式';
COMMENT ON COLUMN staging.student_prior.attendance_mode_code IS '就读方式';
COMMENT ON COLUMN staging.student_prior.student_source_code IS '学生来源';
COMMENT ON COLUMN staging.student_prior.current_address IS '现住址';
COMMENT ON COLUMN staging.student_prior.postal_address IS '通信地址';
COMMENT ON COLUMN staging.student_prior.home_address IS '家庭地址';
COMMENT ON COLUMN staging.student_prior.phone IS '联系电话';
COMMENT ON COLUMN staging.student_prior.postal_code IS '邮政编码';
COMMENT ON COLUMN staging.student_prior.email IS '电子信箱';
COMMENT ON COLUMN staging.student_prior.homepage IS '主页地址';
COMMENT ON COLUMN staging.student_prior.is_only_child IS '是否独生子女';
COMMENT ON COLUMN staging.student_prior.had_preschool IS '是否受过学前教育';
COMMENT ON COLUMN staging.student_prior.left_behind_code IS '是否留守儿童';
COMMENT ON COLUMN staging.student_prior.is_migrant_child IS '是否进城务工人员随迁子女';
COMMENT ON COLUMN staging.student_prior.is_orphan IS '是否孤儿';
COMMENT ON COLUMN staging.student_prior.is_martyr_child IS '是否烈士或优抚子女';
COMMENT ON COLUMN staging.student_prior.inclusive_class_code IS '随班就读';
COMMENT ON COLUMN staging.student_prior.disability_code IS '残疾人类型';
COMMENT ON COLUMN staging.student_prior.is_purchased_place IS '是否由政府购买学位';
COMMENT ON COLUMN staging.student_prior.needs_aid IS '是否需要申请资助';
COMMENT ON COLUMN staging.student_prior.has_boarding_subsidy IS '是否享受一补';
COMMENT ON COLUMN staging.student_prior.commute_km IS '上下学距离';
COMMENT ON COLUMN staging.student_prior.transport_code IS '上下学交通方式';
COMMENT ON COLUMN staging.student_prior.needs_school_bus IS '是否需要乘坐校车';

CREATE TABLE staging.student_guardian (
  province text NOT NULL,
  source_key text COLLATE "C" NOT NULL,
  batch_id bigint NOT NULL,
  batch_ordinal integer NOT NULL,
  segment integer NOT NULL,
  source_hash text NOT NULL,
  wire_digest bytea,
  contract_version smallint NOT NULL,
  mapping_version bigint NOT NULL,
  origin text NOT NULL,
  op text NOT NULL,
  agreed_national_version bigint,
  county text,
  student_key text,
  ordinal text,
  name text,
  relationship_code text,
  relationship_note text,
  ethnicity_code text,
  employer text,
  current_address text,
  hukou_region_code text,
  phone text,
  is_guardian text,
  id_doc_type text,
  id_doc_no text,
  job_title text,
  PRIMARY KEY (province, source_key)
);
COMMENT ON TABLE staging.student_guardian IS '家庭成员或监护人（交换库暂存，保留源数据原文）';
COMMENT ON COLUMN staging.student_guardian.province IS '省级行政区划代码前两位';
COMMENT ON COLUMN staging.student_guardian.source_key IS '省级系统中的主键';
COMMENT ON COLUMN staging.student_guardian.batch_id IS '批次号，即记录版本';
COMMENT ON COLUMN staging.student_guardian.batch_ordinal IS '批次内序号';
COMMENT ON COLUMN staging.student_guardian.segment IS '读取分段号';
COMMENT ON COLUMN staging.student_guardian.source_hash IS '源数据行摘要，由源数据库计算';
COMMENT ON COLUMN staging.student_guardian.wire_digest IS '上报记录摘要（SHA-256），未上报为空';
COMMENT ON COLUMN staging.student_guardian.contract_version IS '数据契约版本';
COMMENT ON COLUMN staging.student_guardian.mapping_version IS '代码映射版本';
COMMENT ON COLUMN staging.student_guardian.origin IS '数据来源';
COMMENT ON COLUMN staging.student_guardian.op IS '操作：新增或更新、删除';
COMMENT ON COLUMN staging.student_guardian.agreed_national_version IS '双方一致的全国版本';
COMMENT ON COLUMN staging.student_guardian.county IS '所属区县（源数据原值）';
COMMENT ON COLUMN staging.student_guardian.student_key IS '学生键';
COMMENT ON COLUMN staging.student_guardian.ordinal IS '成员序号';
COMMENT ON COLUMN staging.student_guardian.name IS '姓名';
COMMENT ON COLUMN staging.student_guardian.relationship_code IS '关系';
COMMENT ON COLUMN staging.student_guardian.relationship_note IS '关系说明';
COMMENT ON COLUMN staging.student_guardian.ethnicity_code IS '民族';
COMMENT ON COLUMN staging.student_guardian.employer IS '工作单位';
COMMENT ON COLUMN staging.student_guardian.current_address IS '现住址';
COMMENT ON COLUMN staging.student_guardian.hukou_region_code IS '户口所在地';
COMMENT ON COLUMN staging.student_guardian.phone IS '联系电话';
COMMENT ON COLUMN staging.student_guardian.is_guardian IS '是否监护人';
COMMENT ON COLUMN staging.student_guardian.id_doc_type IS '身份证件类型';
COMMENT ON COLUMN staging.student_guardian.id_doc_no IS '身份证件号';
COMMENT ON COLUMN staging.student_guardian.job_title IS '职务';
CREATE TABLE staging.student_guardian_prior (
  province text NOT NULL,
  source_key text COLLATE "C" NOT NULL,
  batch_id bigint NOT NULL,
  batch_ordinal integer NOT NULL,
  segment integer NOT NULL,
  source_hash text NOT NULL,
  wire_digest bytea,
  contract_version smallint NOT NULL,
  mapping_version bigint NOT NULL,
  origin text NOT NULL,
  op text NOT NULL,
  agreed_national_version bigint,
  county text,
  student_key text,
  ordinal text,
  name text,
  relationship_code text,
  relationship_note text,
  ethnicity_code text,
  employer text,
  current_address text,
  hukou_region_code text,
  phone text,
  is_guardian text,
  id_doc_type text,
  id_doc_no text,
  job_title text,
  PRIMARY KEY (province, source_key, batch_id)
);
COMMENT ON TABLE staging.student_guardian_prior IS '家庭成员或监护人（被新批次替换的旧记录）';
COMMENT ON COLUMN staging.student_guardian_prior.province IS '省级行政区划代码前两位';
COMMENT ON COLUMN staging.student_guardian_prior.source_key IS '省级系统中的主键';
COMMENT ON COLUMN staging.student_guardian_prior.batch_id IS '批次号，即记录版本';
COMMENT ON COLUMN staging.student_guardian_prior.batch_ordinal IS '批次内序号';
COMMENT ON COLUMN staging.student_guardian_prior.segment IS '读取分段号';
COMMENT ON COLUMN staging.student_guardian_prior.source_hash IS '源数据行摘要，由源数据库计算';
COMMENT ON COLUMN staging.student_guardian_prior.wire_digest IS '上报记录摘要（SHA-256），未上报为空';
COMMENT ON COLUMN staging.student_guardian_prior.contract_version IS '数据契约版本';
COMMENT ON COLUMN staging.student_guardian_prior.mapping_version IS '代码映射版本';
COMMENT ON COLUMN staging.student_guardian_prior.origin IS '数据来源';
COMMENT ON COLUMN staging.student_guardian_prior.op IS '操作：新增或更新、删除';
COMMENT ON COLUMN staging.student_guardian_prior.agreed_national_version IS '双方一致的全国版本';
COMMENT ON COLUMN staging.student_guardian_prior.county IS '所属区县（源数据原值）';
COMMENT ON COLUMN staging.student_guardian_prior.student_key IS '学生键';
COMMENT ON COLUMN staging.student_guardian_prior.ordinal IS '成员序号';
COMMENT ON COLUMN staging.student_guardian_prior.name IS '姓名';
COMMENT ON COLUMN staging.student_guardian_prior.relationship_code IS '关系';
COMMENT ON COLUMN staging.student_guardian_prior.relationship_note IS '关系说明';
COMMENT ON COLUMN staging.student_guardian_prior.ethnicity_code IS '民族';
COMMENT ON COLUMN staging.student_guardian_prior.employer IS '工作单位';
COMMENT ON COLUMN staging.student_guardian_prior.current_address IS '现住址';
COMMENT ON COLUMN staging.student_guardian_prior.hukou_region_code IS '户口所在地';
COMMENT ON COLUMN staging.student_guardian_prior.phone IS '联系电话';
COMMENT ON COLUMN staging.student_guardian_prior.is_guardian IS '是否监护人';
COMMENT ON COLUMN staging.student_guardian_prior.id_doc_type IS '身份证件类型';
COMMENT ON COLUMN staging.student_guardian_prior.id_doc_no IS '身份证件号';
COMMENT ON COLUMN staging.student_guardian_prior.job_title IS '职务';
`;
