/** Tables that vendors write to, as the contracts were when this migration was written. */
export const loadTablesSql = `
CREATE TABLE staging.load_region (
  province text NOT NULL,
  load_id bigint NOT NULL,
  row_no bigint GENERATED ALWAYS AS IDENTITY,
  source_key text COLLATE "C",
  row_ref text,
  county text,
  phase text,
  code text,
  code12 text,
  name_zh text,
  level text,
  parent_code text,
  effective_from text,
  effective_to text,
  PRIMARY KEY (province, load_id, row_no)
);
COMMENT ON TABLE staging.load_region IS '厂商写入：行政区划（一行一条，装载关闭后才读取）';
COMMENT ON COLUMN staging.load_region.province IS '省级行政区划代码前两位';
COMMENT ON COLUMN staging.load_region.load_id IS '装载号，由 staging.open_load 返回';
COMMENT ON COLUMN staging.load_region.row_no IS '行号，自动编号，不要填写';
COMMENT ON COLUMN staging.load_region.source_key IS '省级系统中的主键；同一装载内应唯一，空或重复的行会被隔离';
COMMENT ON COLUMN staging.load_region.row_ref IS '厂商自己的行标识，可空，在结果中原样返回；不要写个人信息';
COMMENT ON COLUMN staging.load_region.county IS '所属区县（源数据原值）';
COMMENT ON COLUMN staging.load_region.phase IS '所属学段（源数据原值）';
COMMENT ON COLUMN staging.load_region.code IS '区划代码';
COMMENT ON COLUMN staging.load_region.code12 IS '十二位区划代码';
COMMENT ON COLUMN staging.load_region.name_zh IS '区划名称';
COMMENT ON COLUMN staging.load_region.level IS '区划级别（整数）';
COMMENT ON COLUMN staging.load_region.parent_code IS '上级区划代码';
COMMENT ON COLUMN staging.load_region.effective_from IS '启用年份（整数）';
COMMENT ON COLUMN staging.load_region.effective_to IS '停用年份（整数）';
CREATE INDEX load_region_key ON staging.load_region (province, load_id, source_key);

CREATE TABLE staging.load_school (
  province text NOT NULL,
  load_id bigint NOT NULL,
  row_no bigint GENERATED ALWAYS AS IDENTITY,
  source_key text COLLATE "C",
  row_ref text,
  county text,
  phase text,
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
  PRIMARY KEY (province, load_id, row_no)
);
COMMENT ON TABLE staging.load_school IS '厂商写入：学校（一行一条，装载关闭后才读取）';
COMMENT ON COLUMN staging.load_school.province IS '省级行政区划代码前两位';
COMMENT ON COLUMN staging.load_school.load_id IS '装载号，由 staging.open_load 返回';
COMMENT ON COLUMN staging.load_school.row_no IS '行号，自动编号，不要填写';
COMMENT ON COLUMN staging.load_school.source_key IS '省级系统中的主键；同一装载内应唯一，空或重复的行会被隔离';
COMMENT ON COLUMN staging.load_school.row_ref IS '厂商自己的行标识，可空，在结果中原样返回；不要写个人信息';
COMMENT ON COLUMN staging.load_school.county IS '所属区县（源数据原值）';
COMMENT ON COLUMN staging.load_school.phase IS '所属学段（源数据原值）';
COMMENT ON COLUMN staging.load_school.school_id IS '学校标识码';
COMMENT ON COLUMN staging.load_school.name IS '学校名称';
COMMENT ON COLUMN staging.load_school.name_en IS '学校英文名称';
COMMENT ON COLUMN staging.load_school.school_type_code IS '办学类型码（代码表 school-type）';
COMMENT ON COLUMN staging.load_school.sponsor_code IS '举办者码（代码表 school-sponsor）';
COMMENT ON COLUMN staging.load_school.ownership_code IS '办别码（代码表 school-ownership）';
COMMENT ON COLUMN staging.load_school.address IS '学校地址';
COMMENT ON COLUMN staging.load_school.postal_code IS '邮政编码';
COMMENT ON COLUMN staging.load_school.region_code IS '驻地区划码（行政区划代码）';
COMMENT ON COLUMN staging.load_school.managing_authority_code IS '属地管理教育行政部门代码（行政区划代码）';
COMMENT ON COLUMN staging.load_school.urban_rural_code IS '城乡类型码（代码表 urban-rural）';
COMMENT ON COLUMN staging.load_school.region_economy_code IS '经济属性码（代码表 region-economy）';
COMMENT ON COLUMN staging.load_school.is_ethnic_area IS '民族属性（1 是，0 否）';
COMMENT ON COLUMN staging.load_school.founded_month IS '建校年月（YYYYMM）';
COMMENT ON COLUMN staging.load_school.principal_name IS '校长姓名';
COMMENT ON COLUMN staging.load_school.principal_phone IS '校长手机';
COMMENT ON COLUMN staging.load_school.phone IS '联系电话';
COMMENT ON COLUMN staging.load_school.fax IS '传真';
COMMENT ON COLUMN staging.load_school.email IS '电子信箱';
COMMENT ON COLUMN staging.load_school.homepage IS '主页地址';
COMMENT ON COLUMN staging.load_school.org_code IS '组织机构码';
COMMENT ON COLUMN staging.load_school.uscc IS '统一社会信用代码';
COMMENT ON COLUMN staging.load_school.legal_cert_no IS '法人证书号';
COMMENT ON COLUMN staging.load_school.legal_rep IS '法定代表人';
COMMENT ON COLUMN staging.load_school.primary_years IS '小学学制（整数）';
COMMENT ON COLUMN staging.load_school.junior_years IS '初中学制（整数）';
COMMENT ON COLUMN staging.load_school.senior_years IS '高中学制（整数）';
COMMENT ON COLUMN staging.load_school.primary_entry_age IS '小学入学年龄（整数）';
COMMENT ON COLUMN staging.load_school.junior_entry_age IS '初中入学年龄（整数）';
COMMENT ON COLUMN staging.load_school.main_language IS '主教学语言';
COMMENT ON COLUMN staging.load_school.second_language IS '辅教学语言';
COMMENT ON COLUMN staging.load_school.is_boarding IS '是否寄宿制（1 是，0 否）';
COMMENT ON COLUMN staging.load_school.is_nutrition_school IS '是否营养改善计划受益学校（1 是，0 否）';
COMMENT ON COLUMN staging.load_school.state IS '状态（代码表 school-state）';
COMMENT ON COLUMN staging.load_school.valid_from IS '生效日期（YYYYMMDD）';
COMMENT ON COLUMN staging.load_school.valid_to IS '失效日期（YYYYMMDD）';
CREATE INDEX load_school_key ON staging.load_school (province, load_id, source_key);

CREATE TABLE staging.load_campus (
  province text NOT NULL,
  load_id bigint NOT NULL,
  row_no bigint GENERATED ALWAYS AS IDENTITY,
  source_key text COLLATE "C",
  row_ref text,
  county text,
  phase text,
  school_id text,
  campus_no text,
  name text,
  address_code text,
  head text,
  phone text,
  PRIMARY KEY (province, load_id, row_no)
);
COMMENT ON TABLE staging.load_campus IS '厂商写入：校区（一行一条，装载关闭后才读取）';
COMMENT ON COLUMN staging.load_campus.province IS '省级行政区划代码前两位';
COMMENT ON COLUMN staging.load_campus.load_id IS '装载号，由 staging.open_load 返回';
COMMENT ON COLUMN staging.load_campus.row_no IS '行号，自动编号，不要填写';
COMMENT ON COLUMN staging.load_campus.source_key IS '省级系统中的主键；同一装载内应唯一，空或重复的行会被隔离';
COMMENT ON COLUMN staging.load_campus.row_ref IS '厂商自己的行标识，可空，在结果中原样返回；不要写个人信息';
COMMENT ON COLUMN staging.load_campus.county IS '所属区县（源数据原值）';
COMMENT ON COLUMN staging.load_campus.phase IS '所属学段（源数据原值）';
COMMENT ON COLUMN staging.load_campus.school_id IS '学校标识码（指向 school）';
COMMENT ON COLUMN staging.load_campus.campus_no IS '校区号';
COMMENT ON COLUMN staging.load_campus.name IS '校区名称';
COMMENT ON COLUMN staging.load_campus.address_code IS '校区地址代码（行政区划代码）';
COMMENT ON COLUMN staging.load_campus.head IS '校区负责人';
COMMENT ON COLUMN staging.load_campus.phone IS '联系电话';
CREATE INDEX load_campus_key ON staging.load_campus (province, load_id, source_key);

CREATE TABLE staging.load_grade (
  province text NOT NULL,
  load_id bigint NOT NULL,
  row_no bigint GENERATED ALWAYS AS IDENTITY,
  source_key text COLLATE "C",
  row_ref text,
  county text,
  phase text,
  grade_id text,
  school_id text,
  name text,
  entry_year text,
  phase_code text,
  grade_code text,
  state text,
  PRIMARY KEY (province, load_id, row_no)
);
COMMENT ON TABLE staging.load_grade IS '厂商写入：年级（一行一条，装载关闭后才读取）';
COMMENT ON COLUMN staging.load_grade.province IS '省级行政区划代码前两位';
COMMENT ON COLUMN staging.load_grade.load_id IS '装载号，由 staging.open_load 返回';
COMMENT ON COLUMN staging.load_grade.row_no IS '行号，自动编号，不要填写';
COMMENT ON COLUMN staging.load_grade.source_key IS '省级系统中的主键；同一装载内应唯一，空或重复的行会被隔离';
COMMENT ON COLUMN staging.load_grade.row_ref IS '厂商自己的行标识，可空，在结果中原样返回；不要写个人信息';
COMMENT ON COLUMN staging.load_grade.county IS '所属区县（源数据原值）';
COMMENT ON COLUMN staging.load_grade.phase IS '所属学段（源数据原值）';
COMMENT ON COLUMN staging.load_grade.grade_id IS '年级标识';
COMMENT ON COLUMN staging.load_grade.school_id IS '学校（指向 school）';
COMMENT ON COLUMN staging.load_grade.name IS '年级名称';
COMMENT ON COLUMN staging.load_grade.entry_year IS '入学年份（整数）';
COMMENT ON COLUMN staging.load_grade.phase_code IS '教育阶段（代码表 school-phase）';
COMMENT ON COLUMN staging.load_grade.grade_code IS '学籍年级代码（代码表 grade）';
COMMENT ON COLUMN staging.load_grade.state IS '年级状态（代码表 grade-state）';
CREATE INDEX load_grade_key ON staging.load_grade (province, load_id, source_key);

CREATE TABLE staging.load_class (
  province text NOT NULL,
  load_id bigint NOT NULL,
  row_no bigint GENERATED ALWAYS AS IDENTITY,
  source_key text COLLATE "C",
  row_ref text,
  county text,
  phase text,
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
  PRIMARY KEY (province, load_id, row_no)
);
COMMENT ON TABLE staging.load_class IS '厂商写入：班级（一行一条，装载关闭后才读取）';
COMMENT ON COLUMN staging.load_class.province IS '省级行政区划代码前两位';
COMMENT ON COLUMN staging.load_class.load_id IS '装载号，由 staging.open_load 返回';
COMMENT ON COLUMN staging.load_class.row_no IS '行号，自动编号，不要填写';
COMMENT ON COLUMN staging.load_class.source_key IS '省级系统中的主键；同一装载内应唯一，空或重复的行会被隔离';
COMMENT ON COLUMN staging.load_class.row_ref IS '厂商自己的行标识，可空，在结果中原样返回；不要写个人信息';
COMMENT ON COLUMN staging.load_class.county IS '所属区县（源数据原值）';
COMMENT ON COLUMN staging.load_class.phase IS '所属学段（源数据原值）';
COMMENT ON COLUMN staging.load_class.class_id IS '班级标识';
COMMENT ON COLUMN staging.load_class.school_id IS '学校（指向 school）';
COMMENT ON COLUMN staging.load_class.grade_id IS '年级（指向 grade）';
COMMENT ON COLUMN staging.load_class.class_no IS '班号';
COMMENT ON COLUMN staging.load_class.name IS '班级名称';
COMMENT ON COLUMN staging.load_class.class_type_code IS '班级类型码（代码表 class-type）';
COMMENT ON COLUMN staging.load_class.formed_month IS '建班年月（YYYYMM）';
COMMENT ON COLUMN staging.load_class.head_teacher IS '班主任';
COMMENT ON COLUMN staging.load_class.is_multi_grade IS '是否复式班（1 是，0 否）';
COMMENT ON COLUMN staging.load_class.is_bilingual IS '是否少数民族双语班（1 是，0 否）';
COMMENT ON COLUMN staging.load_class.is_valid IS '有效标志（1 是，0 否）';
CREATE INDEX load_class_key ON staging.load_class (province, load_id, source_key);

CREATE TABLE staging.load_student (
  province text NOT NULL,
  load_id bigint NOT NULL,
  row_no bigint GENERATED ALWAYS AS IDENTITY,
  source_key text COLLATE "C",
  row_ref text,
  county text,
  phase text,
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
  PRIMARY KEY (province, load_id, row_no)
);
COMMENT ON TABLE staging.load_student IS '厂商写入：学生（一行一条，装载关闭后才读取）';
COMMENT ON COLUMN staging.load_student.province IS '省级行政区划代码前两位';
COMMENT ON COLUMN staging.load_student.load_id IS '装载号，由 staging.open_load 返回';
COMMENT ON COLUMN staging.load_student.row_no IS '行号，自动编号，不要填写';
COMMENT ON COLUMN staging.load_student.source_key IS '省级系统中的主键；同一装载内应唯一，空或重复的行会被隔离';
COMMENT ON COLUMN staging.load_student.row_ref IS '厂商自己的行标识，可空，在结果中原样返回；不要写个人信息';
COMMENT ON COLUMN staging.load_student.county IS '所属区县（源数据原值）';
COMMENT ON COLUMN staging.load_student.phase IS '所属学段（源数据原值）';
COMMENT ON COLUMN staging.load_student.school_id IS '学校标识码（指向 school）';
COMMENT ON COLUMN staging.load_student.student_number IS '学籍号';
COMMENT ON COLUMN staging.load_student.status_code IS '学生状态（代码表 student-status）';
COMMENT ON COLUMN staging.load_student.category_code IS '学生类别（代码表 student-category）';
COMMENT ON COLUMN staging.load_student.name IS '姓名';
COMMENT ON COLUMN staging.load_student.gender_code IS '性别（代码表 gender）';
COMMENT ON COLUMN staging.load_student.birth_date IS '出生日期（YYYYMMDD）';
COMMENT ON COLUMN staging.load_student.birth_region_code IS '出生地（行政区划代码）';
COMMENT ON COLUMN staging.load_student.native_place IS '籍贯';
COMMENT ON COLUMN staging.load_student.ethnicity_code IS '民族（代码表 ethnicity）';
COMMENT ON COLUMN staging.load_student.nationality_code IS '国籍/地区（代码表 nationality）';
COMMENT ON COLUMN staging.load_student.id_doc_type IS '身份证件类型（代码表 id-document-type）';
COMMENT ON COLUMN staging.load_student.id_doc_no IS '身份证件号';
COMMENT ON COLUMN staging.load_student.overseas_code IS '港澳台侨外（代码表 overseas-identity）';
COMMENT ON COLUMN staging.load_student.political_code IS '政治面貌（代码表 political-status）';
COMMENT ON COLUMN staging.load_student.health_code IS '健康状况（代码表 health）';
COMMENT ON COLUMN staging.load_student.photo_ref IS '照片';
COMMENT ON COLUMN staging.load_student.name_pinyin IS '姓名拼音';
COMMENT ON COLUMN staging.load_student.former_name IS '曾用名';
COMMENT ON COLUMN staging.load_student.id_valid_period IS '身份证件有效期';
COMMENT ON COLUMN staging.load_student.hukou_region_code IS '户口所在地（行政区划代码）';
COMMENT ON COLUMN staging.load_student.hukou_kind_code IS '户口性质（代码表 hukou-kind）';
COMMENT ON COLUMN staging.load_student.talent IS '特长';
COMMENT ON COLUMN staging.load_student.auxiliary_number IS '学籍辅号';
COMMENT ON COLUMN staging.load_student.class_seat_no IS '班内学号';
COMMENT ON COLUMN staging.load_student.grade_id IS '年级（指向 grade）';
COMMENT ON COLUMN staging.load_student.class_id IS '班级（指向 class）';
COMMENT ON COLUMN staging.load_student.enrolled_month IS '入学年月（YYYYMM）';
COMMENT ON COLUMN staging.load_student.enrolment_mode_code IS '入学方式（代码表 enrolment-mode）';
COMMENT ON COLUMN staging.load_student.attendance_mode_code IS '就读方式（代码表 attendance-mode）';
COMMENT ON COLUMN staging.load_student.student_source_code IS '学生来源（代码表 student-source）';
COMMENT ON COLUMN staging.load_student.current_address IS '现住址';
COMMENT ON COLUMN staging.load_student.postal_address IS '通信地址';
COMMENT ON COLUMN staging.load_student.home_address IS '家庭地址';
COMMENT ON COLUMN staging.load_student.phone IS '联系电话';
COMMENT ON COLUMN staging.load_student.postal_code IS '邮政编码';
COMMENT ON COLUMN staging.load_student.email IS '电子信箱';
COMMENT ON COLUMN staging.load_student.homepage IS '主页地址';
COMMENT ON COLUMN staging.load_student.is_only_child IS '是否独生子女（1 是，0 否）';
COMMENT ON COLUMN staging.load_student.had_preschool IS '是否受过学前教育（1 是，0 否）';
COMMENT ON COLUMN staging.load_student.left_behind_code IS '是否留守儿童（代码表 left-behind-kind）';
COMMENT ON COLUMN staging.load_student.is_migrant_child IS '是否进城务工人员随迁子女（1 是，0 否）';
COMMENT ON COLUMN staging.load_student.is_orphan IS '是否孤儿（1 是，0 否）';
COMMENT ON COLUMN staging.load_student.is_martyr_child IS '是否烈士或优抚子女（1 是，0 否）';
COMMENT ON COLUMN staging.load_student.inclusive_class_code IS '随班就读（代码表 inclusive-class）';
COMMENT ON COLUMN staging.load_student.disability_code IS '残疾人类型（代码表 disability-kind）';
COMMENT ON COLUMN staging.load_student.is_purchased_place IS '是否由政府购买学位（1 是，0 否）';
COMMENT ON COLUMN staging.load_student.needs_aid IS '是否需要申请资助（1 是，0 否）';
COMMENT ON COLUMN staging.load_student.has_boarding_subsidy IS '是否享受一补（1 是，0 否）';
COMMENT ON COLUMN staging.load_student.commute_km IS '上下学距离（一位小数）';
COMMENT ON COLUMN staging.load_student.transport_code IS '上下学交通方式（代码表 transport-mode）';
COMMENT ON COLUMN staging.load_student.needs_school_bus IS '是否需要乘坐校车（1 是，0 否）';
CREATE INDEX load_student_key ON staging.load_student (province, load_id, source_key);

CREATE TABLE staging.load_guardian (
  province text NOT NULL,
  load_id bigint NOT NULL,
  row_no bigint GENERATED ALWAYS AS IDENTITY,
  source_key text COLLATE "C",
  row_ref text,
  county text,
  phase text,
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
  PRIMARY KEY (province, load_id, row_no)
);
COMMENT ON TABLE staging.load_guardian IS '厂商写入：家庭成员或监护人（一行一条，装载关闭后才读取）';
COMMENT ON COLUMN staging.load_guardian.province IS '省级行政区划代码前两位';
COMMENT ON COLUMN staging.load_guardian.load_id IS '装载号，由 staging.open_load 返回';
COMMENT ON COLUMN staging.load_guardian.row_no IS '行号，自动编号，不要填写';
COMMENT ON COLUMN staging.load_guardian.source_key IS '省级系统中的主键；同一装载内应唯一，空或重复的行会被隔离';
COMMENT ON COLUMN staging.load_guardian.row_ref IS '厂商自己的行标识，可空，在结果中原样返回；不要写个人信息';
COMMENT ON COLUMN staging.load_guardian.county IS '所属区县（源数据原值）';
COMMENT ON COLUMN staging.load_guardian.phase IS '所属学段（源数据原值）';
COMMENT ON COLUMN staging.load_guardian.student_key IS '学生键（指向 student）';
COMMENT ON COLUMN staging.load_guardian.ordinal IS '成员序号（整数）';
COMMENT ON COLUMN staging.load_guardian.name IS '姓名';
COMMENT ON COLUMN staging.load_guardian.relationship_code IS '关系（代码表 relationship）';
COMMENT ON COLUMN staging.load_guardian.relationship_note IS '关系说明';
COMMENT ON COLUMN staging.load_guardian.ethnicity_code IS '民族（代码表 ethnicity）';
COMMENT ON COLUMN staging.load_guardian.employer IS '工作单位';
COMMENT ON COLUMN staging.load_guardian.current_address IS '现住址';
COMMENT ON COLUMN staging.load_guardian.hukou_region_code IS '户口所在地（行政区划代码）';
COMMENT ON COLUMN staging.load_guardian.phone IS '联系电话';
COMMENT ON COLUMN staging.load_guardian.is_guardian IS '是否监护人（1 是，0 否）';
COMMENT ON COLUMN staging.load_guardian.id_doc_type IS '身份证件类型（代码表 id-document-type）';
COMMENT ON COLUMN staging.load_guardian.id_doc_no IS '身份证件号';
COMMENT ON COLUMN staging.load_guardian.job_title IS '职务';
CREATE INDEX load_guardian_key ON staging.load_guardian (province, load_id, source_key);
`;
