import type { MigrationInterface, QueryRunner } from "typeorm";

/** Tables of the reference registry for contract version 1, frozen as released; a test compares them with the contracts. */
export class RegistryTables1700000000002 implements MigrationInterface {
  readonly name = "RegistryTables1700000000002";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(sql);
  }

  down(): Promise<void> {
    return Promise.reject(new Error("migrations only go forward"));
  }
}

const sql = `
CREATE TABLE registry.region (
  province text NOT NULL,
  source_key text COLLATE "C" NOT NULL,
  version bigint NOT NULL,
  batch_id bigint NOT NULL,
  is_deleted boolean NOT NULL DEFAULT false,
  custody_epoch integer NOT NULL DEFAULT 0,
  code text,
  code12 text,
  name_zh text,
  level smallint,
  parent_code text,
  effective_from smallint,
  effective_to smallint,
  PRIMARY KEY (province, source_key)
);
COMMENT ON TABLE registry.region IS '行政区划（全国学籍库）';
COMMENT ON COLUMN registry.region.province IS '省级行政区划代码前两位';
COMMENT ON COLUMN registry.region.source_key IS '省级系统中的主键';
COMMENT ON COLUMN registry.region.version IS '记录版本';
COMMENT ON COLUMN registry.region.batch_id IS '写入该记录的批次号';
COMMENT ON COLUMN registry.region.is_deleted IS '是否已删除';
COMMENT ON COLUMN registry.region.custody_epoch IS '管理权转移次数';
COMMENT ON COLUMN registry.region.code IS '区划代码';
COMMENT ON COLUMN registry.region.code12 IS '十二位区划代码';
COMMENT ON COLUMN registry.region.name_zh IS '区划名称';
COMMENT ON COLUMN registry.region.level IS '区划级别';
COMMENT ON COLUMN registry.region.parent_code IS '上级区划代码';
COMMENT ON COLUMN registry.region.effective_from IS '启用年份';
COMMENT ON COLUMN registry.region.effective_to IS '停用年份';
CREATE UNIQUE INDEX region_code_key ON registry.region (province, code) WHERE NOT is_deleted;

CREATE TABLE registry.school (
  province text NOT NULL,
  source_key text COLLATE "C" NOT NULL,
  version bigint NOT NULL,
  batch_id bigint NOT NULL,
  is_deleted boolean NOT NULL DEFAULT false,
  custody_epoch integer NOT NULL DEFAULT 0,
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
  is_ethnic_area boolean,
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
  primary_years smallint,
  junior_years smallint,
  senior_years smallint,
  primary_entry_age smallint,
  junior_entry_age smallint,
  main_language text,
  second_language text,
  is_boarding boolean,
  is_nutrition_school boolean,
  state text,
  valid_from date,
  valid_to date,
  PRIMARY KEY (province, source_key)
);
COMMENT ON TABLE registry.school IS '学校（全国学籍库）';
COMMENT ON COLUMN registry.school.province IS '省级行政区划代码前两位';
COMMENT ON COLUMN registry.school.source_key IS '省级系统中的主键';
COMMENT ON COLUMN registry.school.version IS '记录版本';
COMMENT ON COLUMN registry.school.batch_id IS '写入该记录的批次号';
COMMENT ON COLUMN registry.school.is_deleted IS '是否已删除';
COMMENT ON COLUMN registry.school.custody_epoch IS '管理权转移次数';
COMMENT ON COLUMN registry.school.school_id IS '学校标识码';
COMMENT ON COLUMN registry.school.name IS '学校名称';
COMMENT ON COLUMN registry.school.name_en IS '学校英文名称';
COMMENT ON COLUMN registry.school.school_type_code IS '办学类型码';
COMMENT ON COLUMN registry.school.sponsor_code IS '举办者码';
COMMENT ON COLUMN registry.school.ownership_code IS '办别码';
COMMENT ON COLUMN registry.school.address IS '学校地址';
COMMENT ON COLUMN registry.school.postal_code IS '邮政编码';
COMMENT ON COLUMN registry.school.region_code IS '驻地区划码';
COMMENT ON COLUMN registry.school.managing_authority_code IS '属地管理教育行政部门代码';
COMMENT ON COLUMN registry.school.urban_rural_code IS '城乡类型码';
COMMENT ON COLUMN registry.school.region_economy_code IS '经济属性码';
COMMENT ON COLUMN registry.school.is_ethnic_area IS '民族属性';
COMMENT ON COLUMN registry.school.founded_month IS '建校年月';
COMMENT ON COLUMN registry.school.principal_name IS '校长姓名';
COMMENT ON COLUMN registry.school.principal_phone IS '校长手机';
COMMENT ON COLUMN registry.school.phone IS '联系电话';
COMMENT ON COLUMN registry.school.fax IS '传真';
COMMENT ON COLUMN registry.school.email IS '电子信箱';
COMMENT ON COLUMN registry.school.homepage IS '主页地址';
COMMENT ON COLUMN registry.school.org_code IS '组织机构码';
COMMENT ON COLUMN registry.school.uscc IS '统一社会信用代码';
COMMENT ON COLUMN registry.school.legal_cert_no IS '法人证书号';
COMMENT ON COLUMN registry.school.legal_rep IS '法定代表人';
COMMENT ON COLUMN registry.school.primary_years IS '小学学制';
COMMENT ON COLUMN registry.school.junior_years IS '初中学制';
COMMENT ON COLUMN registry.school.senior_years IS '高中学制';
COMMENT ON COLUMN registry.school.primary_entry_age IS '小学入学年龄';
COMMENT ON COLUMN registry.school.junior_entry_age IS '初中入学年龄';
COMMENT ON COLUMN registry.school.main_language IS '主教学语言';
COMMENT ON COLUMN registry.school.second_language IS '辅教学语言';
COMMENT ON COLUMN registry.school.is_boarding IS '是否寄宿制';
COMMENT ON COLUMN registry.school.is_nutrition_school IS '是否营养改善计划受益学校';
COMMENT ON COLUMN registry.school.state IS '状态';
COMMENT ON COLUMN registry.school.valid_from IS '生效日期';
COMMENT ON COLUMN registry.school.valid_to IS '失效日期';
CREATE UNIQUE INDEX school_school_id_key ON registry.school (school_id) WHERE NOT is_deleted;

CREATE TABLE registry.campus (
  province text NOT NULL,
  source_key text COLLATE "C" NOT NULL,
  version bigint NOT NULL,
  batch_id bigint NOT NULL,
  is_deleted boolean NOT NULL DEFAULT false,
  custody_epoch integer NOT NULL DEFAULT 0,
  school_id text,
  campus_no text,
  name text,
  address_code text,
  head text,
  phone text,
  PRIMARY KEY (province, source_key)
);
COMMENT ON TABLE registry.campus IS '校区（全国学籍库）';
COMMENT ON COLUMN registry.campus.province IS '省级行政区划代码前两位';
COMMENT ON COLUMN registry.campus.source_key IS '省级系统中的主键';
COMMENT ON COLUMN registry.campus.version IS '记录版本';
COMMENT ON COLUMN registry.campus.batch_id IS '写入该记录的批次号';
COMMENT ON COLUMN registry.campus.is_deleted IS '是否已删除';
COMMENT ON COLUMN registry.campus.custody_epoch IS '管理权转移次数';
COMMENT ON COLUMN registry.campus.school_id IS '学校标识码';
COMMENT ON COLUMN registry.campus.campus_no IS '校区号';
COMMENT ON COLUMN registry.campus.name IS '校区名称';
COMMENT ON COLUMN registry.campus.address_code IS '校区地址代码';
COMMENT ON COLUMN registry.campus.head IS '校区负责人';
COMMENT ON COLUMN registry.campus.phone IS '联系电话';

CREATE TABLE registry.school_grade (
  province text NOT NULL,
  source_key text COLLATE "C" NOT NULL,
  version bigint NOT NULL,
  batch_id bigint NOT NULL,
  is_deleted boolean NOT NULL DEFAULT false,
  custody_epoch integer NOT NULL DEFAULT 0,
  grade_id text,
  school_id text,
  name text,
  entry_year smallint,
  phase_code text,
  grade_code text,
  state text,
  PRIMARY KEY (province, source_key)
);
COMMENT ON TABLE registry.school_grade IS '年级（全国学籍库）';
COMMENT ON COLUMN registry.school_grade.province IS '省级行政区划代码前两位';
COMMENT ON COLUMN registry.school_grade.source_key IS '省级系统中的主键';
COMMENT ON COLUMN registry.school_grade.version IS '记录版本';
COMMENT ON COLUMN registry.school_grade.batch_id IS '写入该记录的批次号';
COMMENT ON COLUMN registry.school_grade.is_deleted IS '是否已删除';
COMMENT ON COLUMN registry.school_grade.custody_epoch IS '管理权转移次数';
COMMENT ON COLUMN registry.school_grade.grade_id IS '年级标识';
COMMENT ON COLUMN registry.school_grade.school_id IS '学校';
COMMENT ON COLUMN registry.school_grade.name IS '年级名称';
COMMENT ON COLUMN registry.school_grade.entry_year IS '入学年份';
COMMENT ON COLUMN registry.school_grade.phase_code IS '教育阶段';
COMMENT ON COLUMN registry.school_grade.grade_code IS '学籍年级代码';
COMMENT ON COLUMN registry.school_grade.state IS '年级状态';
CREATE UNIQUE INDEX school_grade_grade_id_key ON registry.school_grade (province, grade_id) WHERE NOT is_deleted;

CREATE TABLE registry.school_class (
  province text NOT NULL,
  source_key text COLLATE "C" NOT NULL,
  version bigint NOT NULL,
  batch_id bigint NOT NULL,
  is_deleted boolean NOT NULL DEFAULT false,
  custody_epoch integer NOT NULL DEFAULT 0,
  class_id text,
  school_id text,
  grade_id text,
  class_no text,
  name text,
  class_type_code text,
  formed_month text,
  head_teacher text,
  is_multi_grade boolean,
  is_bilingual boolean,
  is_valid boolean,
  PRIMARY KEY (province, source_key)
);
COMMENT ON TABLE registry.school_class IS '班级（全国学籍库）';
COMMENT ON COLUMN registry.school_class.province IS '省级行政区划代码前两位';
COMMENT ON COLUMN registry.school_class.source_key IS '省级系统中的主键';
COMMENT ON COLUMN registry.school_class.version IS '记录版本';
COMMENT ON COLUMN registry.school_class.batch_id IS '写入该记录的批次号';
COMMENT ON COLUMN registry.school_class.is_deleted IS '是否已删除';
COMMENT ON COLUMN registry.school_class.custody_epoch IS '管理权转移次数';
COMMENT ON COLUMN registry.school_class.class_id IS '班级标识';
COMMENT ON COLUMN registry.school_class.school_id IS '学校';
COMMENT ON COLUMN registry.school_class.grade_id IS '年级';
COMMENT ON COLUMN registry.school_class.class_no IS '班号';
COMMENT ON COLUMN registry.school_class.name IS '班级名称';
COMMENT ON COLUMN registry.school_class.class_type_code IS '班级类型码';
COMMENT ON COLUMN registry.school_class.formed_month IS '建班年月';
COMMENT ON COLUMN registry.school_class.head_teacher IS '班主任';
COMMENT ON COLUMN registry.school_class.is_multi_grade IS '是否复式班';
COMMENT ON COLUMN registry.school_class.is_bilingual IS '是否少数民族双语班';
COMMENT ON COLUMN registry.school_class.is_valid IS '有效标志';
CREATE UNIQUE INDEX school_class_class_id_key ON registry.school_class (province, class_id) WHERE NOT is_deleted;

CREATE TABLE registry.student (
  province text NOT NULL,
  source_key text COLLATE "C" NOT NULL,
  version bigint NOT NULL,
  batch_id bigint NOT NULL,
  is_deleted boolean NOT NULL DEFAULT false,
  custody_epoch integer NOT NULL DEFAULT 0,
  school_id text,
  student_number text,
  status_code text,
  category_code text,
  name text,
  gender_code text,
  birth_date date,
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
  is_only_child boolean,
  had_preschool boolean,
  left_behind_code text,
  is_migrant_child boolean,
  is_orphan boolean,
  is_martyr_child boolean,
  inclusive_class_code text,
  disability_code text,
  is_purchased_place boolean,
  needs_aid boolean,
  has_boarding_subsidy boolean,
  commute_km numeric(5,1),
  transport_code text,
  needs_school_bus boolean,
  PRIMARY KEY (province, source_key)
);
COMMENT ON TABLE registry.student IS '学生（全国学籍库）';
COMMENT ON COLUMN registry.student.province IS '省级行政区划代码前两位';
COMMENT ON COLUMN registry.student.source_key IS '省级系统中的主键';
COMMENT ON COLUMN registry.student.version IS '记录版本';
COMMENT ON COLUMN registry.student.batch_id IS '写入该记录的批次号';
COMMENT ON COLUMN registry.student.is_deleted IS '是否已删除';
COMMENT ON COLUMN registry.student.custody_epoch IS '管理权转移次数';
COMMENT ON COLUMN registry.student.school_id IS '学校标识码';
COMMENT ON COLUMN registry.student.student_number IS '学籍号';
COMMENT ON COLUMN registry.student.status_code IS '学生状态';
COMMENT ON COLUMN registry.student.category_code IS '学生类别';
COMMENT ON COLUMN registry.student.name IS '姓名';
COMMENT ON COLUMN registry.student.gender_code IS '性别';
COMMENT ON COLUMN registry.student.birth_date IS '出生日期';
COMMENT ON COLUMN registry.student.birth_region_code IS '出生地';
COMMENT ON COLUMN registry.student.native_place IS '籍贯';
COMMENT ON COLUMN registry.student.ethnicity_code IS '民族';
COMMENT ON COLUMN registry.student.nationality_code IS '国籍/地区';
COMMENT ON COLUMN registry.student.id_doc_type IS '身份证件类型';
COMMENT ON COLUMN registry.student.id_doc_no IS '身份证件号';
COMMENT ON COLUMN registry.student.overseas_code IS '港澳台侨外';
COMMENT ON COLUMN registry.student.political_code IS '政治面貌';
COMMENT ON COLUMN registry.student.health_code IS '健康状况';
COMMENT ON COLUMN registry.student.photo_ref IS '照片';
COMMENT ON COLUMN registry.student.name_pinyin IS '姓名拼音';
COMMENT ON COLUMN registry.student.former_name IS '曾用名';
COMMENT ON COLUMN registry.student.id_valid_period IS '身份证件有效期';
COMMENT ON COLUMN registry.student.hukou_region_code IS '户口所在地';
COMMENT ON COLUMN registry.student.hukou_kind_code IS '户口性质';
COMMENT ON COLUMN registry.student.talent IS '特长';
COMMENT ON COLUMN registry.student.auxiliary_number IS '学籍辅号';
COMMENT ON COLUMN registry.student.class_seat_no IS '班内学号';
COMMENT ON COLUMN registry.student.grade_id IS '年级';
COMMENT ON COLUMN registry.student.class_id IS '班级';
COMMENT ON COLUMN registry.student.enrolled_month IS '入学年月';
COMMENT ON COLUMN registry.student.enrolment_mode_code IS '入学方式';
COMMENT ON COLUMN registry.student.attendance_mode_code IS '就读方式';
COMMENT ON COLUMN registry.student.student_source_code IS '学生来源';
COMMENT ON COLUMN registry.student.current_address IS '现住址';
COMMENT ON COLUMN registry.student.postal_address IS '通信地址';
COMMENT ON COLUMN registry.student.home_address IS '家庭地址';
COMMENT ON COLUMN registry.student.phone IS '联系电话';
COMMENT ON COLUMN registry.student.postal_code IS '邮政编码';
COMMENT ON COLUMN registry.student.email IS '电子信箱';
COMMENT ON COLUMN registry.student.homepage IS '主页地址';
COMMENT ON COLUMN registry.student.is_only_child IS '是否独生子女';
COMMENT ON COLUMN registry.student.had_preschool IS '是否受过学前教育';
COMMENT ON COLUMN registry.student.left_behind_code IS '是否留守儿童';
COMMENT ON COLUMN registry.student.is_migrant_child IS '是否进城务工人员随迁子女';
COMMENT ON COLUMN registry.student.is_orphan IS '是否孤儿';
COMMENT ON COLUMN registry.student.is_martyr_child IS '是否烈士或优抚子女';
COMMENT ON COLUMN registry.student.inclusive_class_code IS '随班就读';
COMMENT ON COLUMN registry.student.disability_code IS '残疾人类型';
COMMENT ON COLUMN registry.student.is_purchased_place IS '是否由政府购买学位';
COMMENT ON COLUMN registry.student.needs_aid IS '是否需要申请资助';
COMMENT ON COLUMN registry.student.has_boarding_subsidy IS '是否享受一补';
COMMENT ON COLUMN registry.student.commute_km IS '上下学距离';
COMMENT ON COLUMN registry.student.transport_code IS '上下学交通方式';
COMMENT ON COLUMN registry.student.needs_school_bus IS '是否需要乘坐校车';

CREATE TABLE registry.student_guardian (
  province text NOT NULL,
  source_key text COLLATE "C" NOT NULL,
  version bigint NOT NULL,
  batch_id bigint NOT NULL,
  is_deleted boolean NOT NULL DEFAULT false,
  custody_epoch integer NOT NULL DEFAULT 0,
  student_key text,
  ordinal smallint,
  name text,
  relationship_code text,
  relationship_note text,
  ethnicity_code text,
  employer text,
  current_address text,
  hukou_region_code text,
  phone text,
  is_guardian boolean,
  id_doc_type text,
  id_doc_no text,
  job_title text,
  PRIMARY KEY (province, source_key)
);
COMMENT ON TABLE registry.student_guardian IS '家庭成员或监护人（全国学籍库）';
COMMENT ON COLUMN registry.student_guardian.province IS '省级行政区划代码前两位';
COMMENT ON COLUMN registry.student_guardian.source_key IS '省级系统中的主键';
COMMENT ON COLUMN registry.student_guardian.version IS '记录版本';
COMMENT ON COLUMN registry.student_guardian.batch_id IS '写入该记录的批次号';
COMMENT ON COLUMN registry.student_guardian.is_deleted IS '是否已删除';
COMMENT ON COLUMN registry.student_guardian.custody_epoch IS '管理权转移次数';
COMMENT ON COLUMN registry.student_guardian.student_key IS '学生键';
COMMENT ON COLUMN registry.student_guardian.ordinal IS '成员序号';
COMMENT ON COLUMN registry.student_guardian.name IS '姓名';
COMMENT ON COLUMN registry.student_guardian.relationship_code IS '关系';
COMMENT ON COLUMN registry.student_guardian.relationship_note IS '关系说明';
COMMENT ON COLUMN registry.student_guardian.ethnicity_code IS '民族';
COMMENT ON COLUMN registry.student_guardian.employer IS '工作单位';
COMMENT ON COLUMN registry.student_guardian.current_address IS '现住址';
COMMENT ON COLUMN registry.student_guardian.hukou_region_code IS '户口所在地';
COMMENT ON COLUMN registry.student_guardian.phone IS '联系电话';
COMMENT ON COLUMN registry.student_guardian.is_guardian IS '是否监护人';
COMMENT ON COLUMN registry.student_guardian.id_doc_type IS '身份证件类型';
COMMENT ON COLUMN registry.student_guardian.id_doc_no IS '身份证件号';
COMMENT ON COLUMN registry.student_guardian.job_title IS '职务';
`;
