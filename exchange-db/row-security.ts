/** What differs between our two databases. */
export interface RowSecurityShape {
  /** The schema of the bindings and functions. */
  readonly home: "exchange" | "national";
  /** All schemas whose tables hold rows of provinces. */
  readonly schemas: readonly string[];
  /** A role may be bound to all provinces at once, by `*`. */
  readonly isForAll: boolean;
}

/**
 * Row-level security, frozen as released. A role sees and writes rows of the provinces that it is bound to; the binding
 * stands in a table that only the owner writes, so that no setting of a session can change it. The bindings are read
 * once a statement: the subquery of the policies has nothing of the row. The owner of the tables is not bound.
 */
export function rowSecuritySql({ home, schemas, isForAll }: RowSecurityShape): string {
  return [
    bindingSql(home, isForAll),
    isForAll ? serveAllSql(home) : "",
    protectSql(home, schemas, isForAll),
  ].join("\n");
}

const isMember = "pg_has_role(current_user, r.oid, 'USAGE')";

function bindingSql(home: string, isForAll: boolean): string {
  const allowed = isForAll ? "^([0-9]{2}|[*])$" : "^[0-9]{2}$";
  const meaning = isForAll ? "省份代码(两位);* 为全部" : "省份代码(两位)";
  return `
CREATE TABLE ${home}.role_province (
  role_name name NOT NULL,
  province text NOT NULL CHECK (province ~ '${allowed}'),
  bound_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (role_name, province)
);
COMMENT ON TABLE ${home}.role_province IS '数据库角色与省份的绑定:行级安全以此为准;只有库主能写';
COMMENT ON COLUMN ${home}.role_province.role_name IS '角色名;其成员同样绑定';
COMMENT ON COLUMN ${home}.role_province.province IS '${meaning}';
COMMENT ON COLUMN ${home}.role_province.bound_at IS '绑定时间';
ALTER TABLE ${home}.role_province ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_binding ON ${home}.role_province FOR SELECT
  USING (EXISTS (SELECT 1 FROM pg_roles r WHERE r.rolname = role_name AND ${isMember}));
GRANT SELECT ON ${home}.role_province TO PUBLIC;

CREATE FUNCTION ${home}.provinces() RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog AS $f$
  SELECT coalesce(array_agg(DISTINCT b.province), '{}') FROM ${home}.role_province b
  JOIN pg_roles r ON r.rolname = b.role_name WHERE ${isMember}
$f$;
COMMENT ON FUNCTION ${home}.provinces() IS '当前角色绑定的省份';`;
}

function serveAllSql(home: string): string {
  return `
CREATE FUNCTION ${home}.serves_all() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog AS $f$
  SELECT '*' = ANY (${home}.provinces())
$f$;
COMMENT ON FUNCTION ${home}.serves_all() IS '当前角色是否绑定全部省份';`;
}

/**
 * Policies for tables, a filter for views: those are read with their owner's rights, whom no policy binds
 * (\`security_invoker\` needs PostgreSQL 15). Does nothing where all is protected already.
 */
function protectSql(home: string, schemas: readonly string[], isForAll: boolean): string {
  const own = `province = ANY ((SELECT ${home}.provinces())::text[])`;
  const unbound = `NOT row_security_active(''${home}.role_province''::regclass)`;
  const all = isForAll ? ` OR (SELECT ${home}.serves_all())` : "";
  return `
CREATE FUNCTION ${home}.protect_provinces() RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog AS $f$
DECLARE t record;
BEGIN
  FOR t IN
    SELECT c.oid, c.oid::regclass AS name, c.relkind,
      coalesce(c.reloptions @> '{security_barrier=true}', false) AS is_barrier,
      c.relrowsecurity AND EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'own_province') AS is_bound
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'province' AND NOT a.attisdropped
    WHERE n.nspname = ANY ('{${schemas.join(",")}}') AND c.relkind IN ('r', 'p', 'v') AND c.relname <> 'role_province'
  LOOP
    IF t.relkind = 'v' AND NOT t.is_barrier THEN
      EXECUTE format('CREATE OR REPLACE VIEW %s WITH (security_barrier = true) AS SELECT * FROM (%s) AS v WHERE v.${own} OR (SELECT ${unbound})${all}',
        t.name, rtrim(pg_get_viewdef(t.oid), '; '));
    ELSIF t.relkind <> 'v' AND NOT t.is_bound THEN
      EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', t.name);
      EXECUTE format('CREATE POLICY own_province ON %s USING (${own})', t.name);${
        isForAll
          ? `
      EXECUTE format('CREATE POLICY all_provinces ON %s USING ((SELECT ${home}.serves_all()))', t.name);`
          : ""
      }
    END IF;
  END LOOP;
END
$f$;
COMMENT ON FUNCTION ${home}.protect_provinces() IS '为带 province 列的表加行级安全策略,为视图加过滤;每次升级后执行';
REVOKE EXECUTE ON FUNCTION ${home}.protect_provinces() FROM PUBLIC;
SELECT ${home}.protect_provinces();`;
}
