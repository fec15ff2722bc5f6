/** Entities and their staging tables, as they were when this migration was written. */
export const vendorEntities = [
  ["region", "region"],
  ["school", "school"],
  ["campus", "campus"],
  ["grade", "school_grade"],
  ["class", "school_class"],
  ["student", "student"],
  ["guardian", "student_guardian"],
] as const;

const loadTables = vendorEntities.map(([entity]) => `staging.load_${entity}`);

/**
 * Functions for vendors run under the caller's rights: what a role may not do to a table it can't do by them either.
 * Only counting runs as the owner, because vendors may write rows but not read them. The messages are Chinese, as their
 * readers are.
 */
export const vendorGuardsSql = `
CREATE FUNCTION staging.open_load(province text, vendor text, note text DEFAULT NULL) RETURNS bigint
LANGUAGE sql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO staging.vendor_load (province, vendor, note) VALUES ($1, $2, $3) RETURNING load_id
$$;
COMMENT ON FUNCTION staging.open_load(text, text, text) IS '打开一个装载，返回装载号';

CREATE FUNCTION staging.move_load(load bigint, wanted text, counts jsonb, complete boolean, allowed text[]) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  found_state text;
BEGIN
  SELECT v.state INTO found_state FROM staging.vendor_load v WHERE v.load_id = load FOR NO KEY UPDATE;
  IF found_state IS NULL THEN
    RAISE EXCEPTION '没有装载 %，或者它不属于本用户所在的省。', load USING ERRCODE = 'DJ404';
  ELSIF NOT found_state = ANY (allowed) THEN
    RAISE EXCEPTION '装载 % 的状态是 %，不能再改。', load, found_state USING ERRCODE = 'DJ409';
  END IF;
  UPDATE staging.vendor_load v
     SET state = wanted, declared = coalesce(counts, v.declared), is_complete = coalesce(complete, v.is_complete)
   WHERE v.load_id = load;
END $$;
COMMENT ON FUNCTION staging.move_load(bigint, text, jsonb, boolean, text[]) IS '改变装载状态；请用 close_load、abandon_load';

CREATE FUNCTION staging.close_load(load bigint, counts jsonb, complete boolean DEFAULT false) RETURNS void
LANGUAGE sql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
  SELECT staging.move_load(load, 'closed', counts, coalesce(complete, false), ARRAY['open'])
$$;
COMMENT ON FUNCTION staging.close_load(bigint, jsonb, boolean) IS '申报各类数据的条数并关闭装载；条数不符则拒绝';

CREATE FUNCTION staging.abandon_load(load bigint) RETURNS void
LANGUAGE sql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
  SELECT staging.move_load(load, 'abandoned', NULL, NULL, ARRAY['open', 'closed'])
$$;
COMMENT ON FUNCTION staging.abandon_load(bigint) IS '放弃一个尚未被读取的装载';

CREATE FUNCTION staging.count_load(province text, load bigint) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  entity text;
  rows_found bigint;
  counts jsonb := '{}';
BEGIN
  FOREACH entity IN ARRAY ARRAY[${vendorEntities.map(([entity]) => `'${entity}'`).join(", ")}] LOOP
    EXECUTE format('SELECT count(*) FROM staging.load_%s WHERE province = $1 AND load_id = $2', entity)
      INTO rows_found USING province, load;
    counts := counts || jsonb_build_object(entity, rows_found);
  END LOOP;
  RETURN counts;
END $$;
COMMENT ON FUNCTION staging.count_load(text, bigint) IS '装载中各类数据的实有条数';
REVOKE EXECUTE ON FUNCTION staging.count_load(text, bigint) FROM PUBLIC;

CREATE FUNCTION staging.require_counts(load bigint, declared jsonb, actual jsonb) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  wrong text;
BEGIN
  IF jsonb_typeof(declared) IS DISTINCT FROM 'object' OR declared = '{}' THEN
    RAISE EXCEPTION '关闭装载 % 要申报条数，例如 {"student": 1200}。', load USING ERRCODE = 'DJ422';
  END IF;
  SELECT string_agg(d.key, '、' ORDER BY d.key) INTO wrong FROM jsonb_each(declared) d WHERE NOT actual ? d.key;
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION '没有这样的数据种类：%。', wrong
      USING ERRCODE = 'DJ422', HINT = '可以申报的有 region school campus grade class student guardian。';
  END IF;
  SELECT string_agg(d.key, '、' ORDER BY d.key) INTO wrong FROM jsonb_each(declared) d
   WHERE jsonb_typeof(d.value) <> 'number' OR d.value::text !~ '^[0-9]+$';
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION '% 的条数必须是不小于零的整数。', wrong USING ERRCODE = 'DJ422';
  END IF;
  SELECT string_agg(f.key || '：申报 ' || coalesce(declared ->> f.key, '无') || '，实有 ' || (f.value #>> '{}'), '；' ORDER BY f.key)
    INTO wrong FROM jsonb_each(actual) f
   WHERE CASE WHEN declared ? f.key THEN (declared ->> f.key)::numeric <> (f.value #>> '{}')::numeric
              ELSE (f.value #>> '{}')::numeric > 0 END;
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION '装载 % 的条数不符，没有关闭。%。', load, wrong
      USING ERRCODE = 'DJ422', HINT = '补写缺少的行再关闭，或者 abandon_load 后重新打开一个。';
  END IF;
END $$;
COMMENT ON FUNCTION staging.require_counts(bigint, jsonb, jsonb) IS '核对申报与实有条数';

CREATE FUNCTION staging.guard_vendor_load() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  filled text;
BEGIN
  IF TG_OP = 'INSERT' THEN
    NEW.state := 'open';
    NEW.opened_at := now();
    NEW.opened_by := session_user;
    RETURN NEW;
  END IF;
  IF (NEW.province, NEW.load_id, NEW.vendor, NEW.note, NEW.opened_at, NEW.opened_by)
       IS DISTINCT FROM (OLD.province, OLD.load_id, OLD.vendor, OLD.note, OLD.opened_at, OLD.opened_by)
     OR (OLD.state <> 'open' AND (NEW.declared, NEW.is_complete, NEW.closed_at, NEW.closed_by)
       IS DISTINCT FROM (OLD.declared, OLD.is_complete, OLD.closed_at, OLD.closed_by)) THEN
    RAISE EXCEPTION '装载 % 的状态是 %，不能再改。', OLD.load_id, OLD.state USING ERRCODE = 'DJ409';
  END IF;
  IF NEW.state = OLD.state THEN
    RETURN NEW;
  END IF;
  IF NOT (OLD.state, NEW.state) IN (('open', 'closed'), ('open', 'abandoned'), ('closed', 'abandoned'),
       ('closed', 'taken'), ('taken', 'closed'), ('taken', 'done')) THEN
    RAISE EXCEPTION '装载 % 不能从 % 变为 %。', OLD.load_id, OLD.state, NEW.state USING ERRCODE = 'DJ409';
  END IF;
  IF OLD.state = 'open' AND NEW.state = 'closed' THEN
    -- A fixed snapshot might not see rows that were written meanwhile.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
      RAISE EXCEPTION '请在 READ COMMITTED 事务中关闭装载。' USING ERRCODE = 'DJ409';
    END IF;
    PERFORM staging.require_counts(OLD.load_id, NEW.declared, staging.count_load(OLD.province, OLD.load_id));
    -- Without statistics a key range would be looked for in the whole load.
    FOR filled IN SELECT d.key FROM jsonb_each(NEW.declared) d WHERE d.value <> '0' LOOP
      EXECUTE format('ANALYZE staging.load_%s (province, load_id, source_key)', filled);
    END LOOP;
    NEW.closed_at := now();
    NEW.closed_by := session_user;
  ELSIF NEW.state = 'abandoned' THEN
    NEW.abandoned_at := now();
  END IF;
  RETURN NEW;
END $$;
COMMENT ON FUNCTION staging.guard_vendor_load() IS '装载状态的规则';
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON staging.vendor_load
  FOR EACH ROW EXECUTE FUNCTION staging.guard_vendor_load();

CREATE FUNCTION staging.require_open_load() RETURNS trigger
LANGUAGE plpgsql SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  wrong bigint;
BEGIN
  -- The share lock lasts until the writer commits: a load is closed after its writers or before them.
  PERFORM 1 FROM staging.vendor_load v
    WHERE (v.province, v.load_id) IN (SELECT DISTINCT a.province, a.load_id FROM added a) ORDER BY v.load_id FOR SHARE;
  SELECT min(a.load_id) INTO wrong FROM (SELECT DISTINCT x.province, x.load_id FROM added x) a
   WHERE NOT EXISTS (SELECT 1 FROM staging.vendor_load v
                      WHERE v.province = a.province AND v.load_id = a.load_id AND v.state = 'open');
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION '装载 % 不是本用户打开着的装载，不能写入。', wrong
      USING ERRCODE = 'DJ409', HINT = '用 staging.open_load 打开一个新的装载。';
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION staging.require_open_load() IS '只能写入打开着的装载';

CREATE FUNCTION staging.require_ended_load() RETURNS trigger
LANGUAGE plpgsql SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  kept bigint;
BEGIN
  SELECT min(v.load_id) INTO kept FROM staging.vendor_load v
   WHERE (v.province, v.load_id) IN (SELECT DISTINCT r.province, r.load_id FROM removed r)
     AND v.state NOT IN ('done', 'abandoned');
  IF kept IS NOT NULL THEN
    RAISE EXCEPTION '装载 % 还没有结束，它的行不能删除。', kept USING ERRCODE = 'DJ409';
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION staging.require_ended_load() IS '只能清除已结束装载的行';

CREATE FUNCTION staging.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION '写入的行不能更改。' USING ERRCODE = 'DJ409', HINT = '放弃这个装载，重新打开一个。';
END $$;
COMMENT ON FUNCTION staging.refuse_change() IS '写入的行不能更改';
${loadTables.map(tableGuards).join("")}`;

function tableGuards(table: string): string {
  return `
CREATE TRIGGER open_only AFTER INSERT ON ${table} REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION staging.require_open_load();
CREATE TRIGGER ended_only AFTER DELETE ON ${table} REFERENCING OLD TABLE AS removed
  FOR EACH STATEMENT EXECUTE FUNCTION staging.require_ended_load();
CREATE TRIGGER no_change BEFORE UPDATE OR TRUNCATE ON ${table}
  FOR EACH STATEMENT EXECUTE FUNCTION staging.refuse_change();
`;
}
