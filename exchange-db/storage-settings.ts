/**
 * Statements that let the tables of a schema fill without being vacuumed again and again on the way: rows that were only
 * inserted are looked at a million at a time, or when a fifth was added.
 */
export function fewerVacuumsSql(schema: string): string {
  return `
DO $$
DECLARE one regclass;
BEGIN
  FOR one IN
    SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = '${schema}' AND c.relkind = 'r'
  LOOP
    EXECUTE format('ALTER TABLE %s SET (autovacuum_vacuum_insert_threshold = 1000000)', one);
  END LOOP;
END $$`;
}
